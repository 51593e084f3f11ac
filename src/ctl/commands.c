// SPDX-License-Identifier: GPL-2.0
/* All commands, in the order in which people need them. */
#include <string.h>

#include "ctl.h"

const struct command commands[] = {
	{
		.name = "check", .options = OPTIONS_TABLE "qC", .run = run_check,
		.summary = "check whether this host can use rmpopt, and show how to fix what prevents it",
		.details = "Checks CPU, BIOS, IOMMU, kernel, SNP and module. Only reads, and works before\n"
			   "the module is loaded. A failure is shown with its fix, and with the other\n"
			   "failures that it explains. VIEW: without this, the module only shows what the\n"
			   "RMP and the tables hold (view only). The exit status is 1 if anything fails.",
		.examples = "rmpoptctl check# before the first load, or if nothing gets optimized\n"
			    "rmpoptctl check --json --output name,result# for a fleet\n"
			    "rmpoptctl check --quiet || echo broken# in a script\n",
		.columns = check_columns,
	}, {
		.name = "load", .arguments = "[NAME=VALUE...]", .max = 32,
		.options = "C", .run = run_load,
		.summary = "load the module, with parameters if any are given",
		.details = "Works like modprobe and uses the options in modprobe.d. If the module refuses\n"
			   "to load, the reason is shown. If it is loaded already, nothing is done: this\n"
			   "is a failure only if parameters are given.",
		.examples = "rmpoptctl load# with the configured parameters\n"
			    "rmpoptctl load slice_us=20 duty=2# with less impact on other work\n",
	}, {
		.name = "unload", .options = "C", .run = run_unload,
		.summary = "unload the module",
		.details = "The tables stay in use, and the hardware keeps them correct. Regions that\n"
			   "guests take lose their optimization until rmpopt runs again.",
		.examples = "rmpoptctl unload# stop, and free the module's memory\n",
	}, {
		.name = "status", .options = OPTIONS_TABLE "CS", .run = run_status,
		.summary = "show what is optimized, what is not and why, and what to do",
		.details = "Root sees more: where guests live is not shown to everybody. The exit status\n"
			   "is 0 if rmpopt works, or is in view-only mode; 1 if it is not loaded, stopped,\n"
			   "waiting for SNP, or failed. --save saves everything that any command reads,\n"
			   "for --sysroot or a bug report, including the table of each core.",
		.examples = "rmpoptctl status# one screen\n"
			    "rmpoptctl status --save /tmp/host.tar.gz# for a bug report\n",
		.columns = status_columns,
	}, {
		.name = "scan", .options = "flkwtjrPoOnC", .run = run_scan,
		.summary = "request a pass, which brings all tables up to date",
		.details = "Regions are regained without it, but later. By default, the pass checks only\n"
			   "what may have changed. With --wait, the exit status is 0 if the pass was\n"
			   "complete, 64 if it was partial, and 1 if it failed, was cancelled, or\n"
			   "--timeout ended the wait.",
		.examples = "rmpoptctl scan --wait# after guests have ended\n"
			    "rmpoptctl scan --full --wait --timeout 600# verify everything\n"
			    "rmpoptctl scan --cancel# stop the running pass\n",
		.columns = scan_columns,
	}, {
		.name = "map", .options = OPTIONS_TABLE "C", .run = run_map,
		.summary = "show all regions as a picture, one character for each GiB",
		.details = "By NUMA node. With columns or JSON: ranges of regions. Requires root.",
		.examples = "rmpoptctl map# the picture\n"
			    "rmpoptctl map --json# ranges of regions in the same state\n",
		.columns = map_columns,
	}, {
		.name = "why", .arguments = "[REGION]", .max = 1,
		.options = OPTIONS_TABLE "C", .run = run_why,
		.summary = "show whose pages keep a region from being optimized",
		.details = "With REGION: the pages of each guest (ASID) and of firmware in it, and what to\n"
			   "do. Without: all covered regions that are not optimized. Reads the RMP;\n"
			   "requires root and debugfs.",
		.examples = "rmpoptctl why 5# the region from 5 GiB to 6 GiB\n"
			    "rmpoptctl why# all regions that are not optimized\n",
		.columns = why_columns,
	}, {
		.name = "forecast", .options = OPTIONS_TABLE "C", .run = run_forecast,
		.summary = "show which regions RMPOPT could optimize on this host",
		.details = "By NUMA node, as memory is placed now, and whose pages prevent it elsewhere.\n"
			   "Works on every SNP host, with or without RMPOPT. Without RMPREAD (AMD Zen 3\n"
			   "and 4) the owners of pages are not known. Reads the RMP; requires root and\n"
			   "debugfs.",
		.examples = "rmpoptctl forecast# what would Zen 6 EPYC bring here?\n"
			    "rmpoptctl forecast --json# for a fleet\n",
		.columns = forecast_columns,
	}, {
		.name = "cores", .arguments = "[LIST]", .max = 1,
		.options = OPTIONS_TABLE "C", .run = run_cores,
		.summary = "show each core: its role, and its longest slice",
		.details = "With LIST: only the cores of these CPUs, like 0-3,8. Some columns require root\n"
			   "and debugfs.",
		.examples = "rmpoptctl cores# all of them\n"
			    "rmpoptctl cores 0-7# those of CPUs 0 to 7\n"
			    "rmpoptctl cores --raw --noheadings --output cpu,worst_slice_ns# in a script\n",
		.columns = cores_columns,
	}, {
		.name = "watch", .options = "sjcC", .run = run_watch,
		.summary = "show the status continuously, until Ctrl-C",
		.details = "On a terminal the screen is updated every second and on each change. Elsewhere\n"
			   "one line with a time stamp is printed for each change; with --json, a\n"
			   "document.",
		.examples = "rmpoptctl watch# a live view\n"
			    "rmpoptctl watch --count 10 >changes.log# the state now, and the next nine changes\n",
		.columns = status_columns,
	}, {
		.name = "enable", .options = "C", .run = run_enable,
		.summary = "let rmpopt work again after disable, or retry after a failure",
		.details = "After a failure rmpopt retries without it, but later.",
		.examples = "rmpoptctl enable# undo rmpoptctl disable\n",
	}, {
		.name = "disable", .options = "C", .run = run_disable,
		.summary = "stop rmpopt, but leave the module loaded",
		.details = "The tables stay in use, and the hardware keeps them correct. Regions that\n"
			   "guests take lose their optimization until rmpoptctl enable. Lasts until the\n"
			   "module is unloaded.",
		.examples = "rmpoptctl disable# no more passes\n",
	}, {
		.name = "set", .arguments = "[NAME=VALUE...]", .max = 32,
		.options = "spujrPoOnC", .run = run_set,
		.summary = "show or change parameters",
		.details = "All values are checked before the first is written. --persist also changes\n"
			   "/etc/modprobe.d/rmpopt.conf, and is required for parameters that can only be\n"
			   "set at load time: then unload and load.",
		.examples = "rmpoptctl set# all parameters, and their limits\n"
			    "rmpoptctl set slice_us=20 duty=2# at once, until unload\n"
			    "rmpoptctl set --persist isolated=skip# and for later loads\n"
			    "rmpoptctl set --persist --unset isolated# back to the default\n",
		.columns = set_columns,
	}, {
		.name = "metrics", .options = "sxC", .run = run_metrics,
		.summary = "print metrics for Prometheus",
		.details = "In OpenMetrics format, or with --textfile in the format that node_exporter's\n"
			   "textfile collector reads. All metrics are described in rmpoptctl(8). Some\n"
			   "require root. Without the module there is only one: rmpopt_loaded 0.",
		.examples = "rmpoptctl metrics --textfile >rmpopt.prom.new && mv rmpopt.prom.new rmpopt.prom# from a timer\n"
			    "rmpoptctl metrics# OpenMetrics\n",
	}, {
		.name = "lab", .arguments = "[FILE [FILE]]", .max = 2,
		.options = "sjdTyvmDC", .run = run_lab,
		.summary = "find out what this host's RMPOPT does and costs",
		.details = "Experiments on a host with RMPOPT, starting with the safest. Before each\n"
			   "step it says what it does, what it costs and the worst that could happen, and\n"
			   "asks. The lab unloads rmpopt, loads rmpopt_lab, and restores everything at the\n"
			   "end, even after Ctrl-C. The first surprise ends the run. The report, a directory,\n"
			   "is ready for a mail. With FILE, the lab.json of an earlier run or its directory:\n"
			   "show that report. The exit status is 64 if not all steps were run.",
		.examples = "rmpoptctl lab --dry-run# what it would do here\n"
			    "rmpoptctl lab# all steps that convert no page\n"
			    "rmpoptctl lab --yes --convert --output venice# everything, without questions\n"
			    "rmpoptctl lab --steps host,arm,report,verify# only the safest ones\n"
			    "rmpoptctl lab --compare venice-a venice-b# two hosts, or two BIOSes\n",
	}, {
		.name = "help", .arguments = "[COMMAND]", .max = 1, .options = "C",
		.run = run_help,
		.summary = "display help about a command, with examples",
		.details = "The same as rmpoptctl COMMAND --help.",
		.examples = "rmpoptctl help scan# about scan\n",
	}, {
		.name = "completion", .arguments = "[SHELL]", .max = 1, .options = "C",
		.run = run_completion,
		.summary = "print the completion for bash, zsh or fish",
		.details = "For bash by default. Installed together with rmpoptctl.",
		.examples = "source <(rmpoptctl completion)# for this bash\n"
			    "rmpoptctl completion fish | source# for this fish\n",
	},
	{ }
};

const struct command *command_find(const char *name)
{
	const struct command *command;

	for (command = commands; command->name; command++)
		if (!strcmp(command->name, name))
			return command;
	return NULL;
}
