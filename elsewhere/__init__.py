"""The same layer in other frameworks: what really comes out, and the rule that says so; see README.md here."""
