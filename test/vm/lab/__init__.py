# SPDX-License-Identifier: Apache-2.0
"""A laboratory of throw-away virtual machines with real kernel SCSI devices.

Start reading in machine.py (Machine is one running guest) and devices.py (what it can be given).
"""
