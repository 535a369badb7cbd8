"""Kernels forked from a process that has imported Keras already: less memory for each lesson, no wait for the import.

Off unless asked for, and on Linux only. Who runs a server for several lessons or learners asks by the environment of
that server, with jupyter_client's own switch:

    JUPYTER_DEFAULT_PROVISIONER_NAME=course-forked jupyter lab

``provisioner`` runs in the server and ``parent`` is the process that forks. Whatever goes wrong between them, an
ordinary kernel starts instead and the server's log says why.
"""
