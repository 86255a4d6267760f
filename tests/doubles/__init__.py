# SPDX-FileCopyrightText: 2026 nxd_mqtt authors
#
# SPDX-License-Identifier: MIT

"""Stand-ins for the world outside the client, each with real behaviour: time, sockets, a broker.

``clock`` is a time that only a test moves, ``dialects`` says how each socket stack speaks,
``sockets`` plays them (``client_end`` and ``connection`` are the two ends of a link), ``tls``
wraps them, ``script`` is a broker that follows a list of steps byte by byte, ``played_broker`` one
that answers by itself, and ``trials`` sets all that up in one line. ``drive`` is a file system that
loses power.
"""
