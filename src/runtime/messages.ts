// What the main thread and its workers say to each other. Requests, counters and routes never go this way: they are in shared memory.

import type { ProgramText } from "../lua/program-text.ts";
import type { ProfilingAnswer, ProfilingOrder } from "../observability/profiling/thread-profiler.ts";
import type { SeriesAnnouncement } from "../observability/worker-metrics.ts";
import type { PluginVersion } from "../plugins/load-plugin.ts";
import type { HostCertificateChange, ServerCertificate } from "../proxy/server-certificates.ts";
import type { TableGeneration } from "../routing/table-generation.ts";

export type ToWorker =
  /** Open the listeners. */
  | { readonly type: "listen" }
  /** The routing table moved to larger memory. */
  | { readonly type: "table"; readonly generation: TableGeneration }
  /** The files of the server certificates changed. */
  | { readonly type: "certificates"; readonly certificates: readonly ServerCertificate[] }
  /** The file of the client certificate for backends changed. */
  | { readonly type: "clientCertificates"; readonly certificates: readonly ServerCertificate[] }
  /** Certificates of the cluster changed. */
  | { readonly type: "hostCertificates"; readonly change: HostCertificateChange }
  /** Load these plugins, all of them, and say whether that went well; routes are built with them only when no others will do. */
  | { readonly type: "loadPlugins"; readonly serial: number; readonly plugins: readonly PluginVersion[] }
  /** Every worker has loaded them: from now on they are in force. */
  | { readonly type: "usePlugins"; readonly serial: number }
  /** A script that has to do with files, or another version of one. */
  | { readonly type: "program"; readonly program: ProgramText }
  /** Somebody takes a profile of this thread, and waits for the answer with that number. */
  | { readonly type: "profile"; readonly serial: number; readonly order: ProfilingOrder }
  /** Say `caughtUp` with that number behind everything that is to be said already. */
  | { readonly type: "catchUp"; readonly serial: number }
  /** SIGTERM came: Shutdown() predicates are true. */
  | { readonly type: "shuttingDown" }
  /** Close the listeners and end when the last request is done. */
  | { readonly type: "drain" };

export type FromWorker =
  | { readonly type: "listening" }
  | { readonly type: "failed"; readonly message: string }
  | { readonly type: "series"; readonly series: readonly SeriesAnnouncement[] }
  /** `problem`: why these plugins cannot be used, "" when they can. */
  | { readonly type: "pluginsLoaded"; readonly serial: number; readonly problem: string }
  | { readonly type: "profiled"; readonly serial: number; readonly answer: ProfilingAnswer }
  | { readonly type: "caughtUp"; readonly serial: number }
  | { readonly type: "drained" };
