"""The rules by hand: what comes out of each kind of layer, and how many weights it takes."""
