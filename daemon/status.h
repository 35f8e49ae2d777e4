/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

struct manager;
struct status;

/* What the daemon is doing, in one line, for `systemctl status`. */
int status_new(struct manager *manager, struct status **ret);
/* Takes NULL; always returns NULL. */
struct status *status_free(struct status *status);

/* Tells systemd, where the line is another one. */
void status_tell(struct status *status);
/* Something changed. It is told once there is nothing else to do, once a second at most: each time
 * systemd tells the bus too, and that takes its time where memory is being added. */
void status_changed(struct status *status);
