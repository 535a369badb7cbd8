"""Kernels forked from a process that has imported Keras already: less memory for each lesson, no wait for the import.

Off unless asked for, and on Linux only; README.md says how to install it and how to ask. ``provisioner`` runs in the
server and ``parent`` is the process that forks. Whatever goes wrong between them, an ordinary kernel starts instead and
the server's log says why.
"""
