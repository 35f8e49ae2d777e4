/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <libmemblock.h>

#include "job.h"

struct census;
struct manager;

/* Every signal, each in one function whose arguments have types; where there is no bus, nobody is
 * told, which is no error. */

/* BlocksChanged, where any did, and the changes of properties and of objects that come with it. */
void bus_signal_inventory(struct manager *manager, const struct census *before,
			  const struct census *after, const struct ranges *changed);
/* What became of sources that workers read. */
void bus_signal_sources(struct manager *manager);
void bus_signal_settled(struct manager *manager);
void bus_signal_configuration(struct manager *manager);
void bus_signal_kernel_policy(struct manager *manager);
void bus_signal_zone_mismatch(struct manager *manager, uint64_t index, const char *wanted,
			      const char *got);
/* How many there were changed. */
void bus_signal_zone_mismatches(struct manager *manager);
void bus_signal_job_new(struct manager *manager, const struct job *job);
void bus_signal_job_changed(struct manager *manager, const struct job *job);
void bus_signal_job_removed(struct manager *manager, const struct job *job);
/* Its object can't be read any more. */
void bus_signal_job_forgotten(struct manager *manager, unsigned id);
