// What the main thread and its workers say to each other. Requests, counters and routes never go this way: they are in shared memory.

import type { SeriesAnnouncement } from "../observability/worker-metrics.ts";
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
  /** SIGTERM came: Shutdown() predicates are true. */
  | { readonly type: "shuttingDown" }
  /** Close the listeners and end when the last request is done. */
  | { readonly type: "drain" };

export type FromWorker =
  | { readonly type: "listening" }
  | { readonly type: "failed"; readonly message: string }
  | { readonly type: "series"; readonly series: readonly SeriesAnnouncement[] }
  | { readonly type: "drained" };
