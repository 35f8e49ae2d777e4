/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Starts polkit's agent for terminals, which asks for a password where one is wanted, as systemctl
 * does: once, for people at a terminal who are not root, and where it is installed. It ends with
 * us. */
void polkit_agent_open(void);
