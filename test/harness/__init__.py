# SPDX-License-Identifier: Apache-2.0
"""What the whole-program tests share: running a test file (run.py), a tgtd of our own (daemon.py)."""
