// The stand-in for an API server as a process of its own, started by test/e2e/api-server-process.ts: the first message says where it
// listens, and every message brings objects. It ends with the process that started it.

import { KubernetesApi } from "./kubernetes-api.ts";
import type { StoredObject } from "./kubernetes-store.ts";

export interface ApiMessage {
  /** 0: any free one. */
  readonly port: number;
  readonly objects: readonly StoredObject[];
}

let api: KubernetesApi | null = null;
process.on("message", async ({ port, objects }: ApiMessage) => {
  if (api !== null) {
    api.put(...objects);
    return;
  }
  api = new KubernetesApi({ port });
  api.put(...objects);
  await api.up();
  process.send!(api.url);
});
process.on("disconnect", () => void api?.down());
