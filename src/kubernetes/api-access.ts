// Where the API server is and how it is asked (spec kubernetes 3): from the environment of a pod, or from the flags.

import { readFileSync } from "node:fs";
import { checkUrl } from "../eskip/url.ts";
import { openReason } from "../util/system-error.ts";

export interface ApiAccess {
  /** Base URL without a slash at its end. */
  readonly url: string;
  /** PEM of the only authorities that the server's certificate may come from; "" for those of the system. */
  readonly ca: string;
  /** File with the bearer token; "" for none. */
  readonly tokenFile: string;
  /** Variables like HTTPS_PROXY that count; null for none. */
  readonly proxyEnv: Readonly<Record<string, string | undefined>> | null;
}

export interface ApiFlags {
  readonly inCluster: boolean;
  readonly url: string;
  readonly tokenFile: string;
}

const DEFAULT_URL = "http://localhost:8001";
const SERVICE_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount";

/** Throws with the reason when the settings cannot be used. `serviceAccount` is where a pod finds its credentials. */
export function apiAccess(
  flags: ApiFlags,
  environment: Readonly<Record<string, string | undefined>>,
  serviceAccount: string = SERVICE_ACCOUNT,
): ApiAccess {
  if (!flags.inCluster) {
    const url = (flags.url === "" ? DEFAULT_URL : flags.url).replace(/\/+$/, "");
    const problem = checkUrl(url);
    if (problem !== "") throw new Error(problem);
    if (!/^https?:\/\/[^/]/.test(url)) throw new Error(`invalid kubernetes API server URL: ${JSON.stringify(url)}`);
    return { url, ca: "", tokenFile: flags.tokenFile, proxyEnv: environment };
  }
  const { KUBERNETES_SERVICE_HOST: host = "", KUBERNETES_SERVICE_PORT: port = "" } = environment;
  if (host === "" || port === "") throw new Error("kubernetes API server URL could not be constructed from env vars");
  return {
    url: `https://${host.includes(":") ? `[${host}]` : host}:${port}`,
    ca: readAuthorities(`${serviceAccount}/ca.crt`),
    tokenFile: `${serviceAccount}/token`,
    proxyEnv: null,
  };
}

function readAuthorities(file: string): string {
  let text: string;
  try {
    text = readFileSync(file, "latin1");
  } catch (cause) {
    throw new Error(openReason(cause, file));
  }
  if (!text.includes("-----BEGIN CERTIFICATE-----")) throw new Error("invalid CA");
  return text;
}
