// The flags of the webhook command (spec flags 7) and what they mean together.

import { parseFlags, usage } from "../config/flags.ts";
import { type OptionValues, option } from "../config/option.ts";
import { bool, string } from "../config/option-kinds.ts";

const DEFAULT_ADDRESS = ":9443";
const PLAIN_ADDRESS = ":9080";

export const webhookFlags = [
  option("debug", bool, false, "Logs each review."),
  option("tls-cert-file", string, "", "File with the certificate (PEM). Default: the environment variable CERT_FILE."),
  option("tls-key-file", string, "", "File with its key. Default: the environment variable KEY_FILE."),
  option(
    "address",
    string,
    DEFAULT_ADDRESS,
    `Listener, host:port. Without certificate the default is ${PLAIN_ADDRESS} with plain HTTP.`,
  ),
] as const;

export interface WebhookSettings {
  readonly debug: boolean;
  readonly certFile: string;
  readonly keyFile: string;
  readonly address: string;
}

export type WebhookConfig =
  | { readonly type: "run"; readonly settings: WebhookSettings }
  /** Print `text` on standard error and exit with `code`. */
  | { readonly type: "exit"; readonly code: 0 | 2; readonly text: string }
  /** Log `message` as fatal and exit with 1. */
  | { readonly type: "fatal"; readonly message: string };

export function parseWebhookFlags(
  argv: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): WebhookConfig {
  const parsed = parseFlags(webhookFlags, argv);
  const help = usage("webhook", webhookFlags);
  if ("help" in parsed) return { type: "exit", code: 0, text: help };
  if ("error" in parsed) return { type: "exit", code: 2, text: `${parsed.error}\n${help}` };
  if (parsed.rest.length > 0) return fatal(`invalid arguments: [${parsed.rest.join(" ")}]`);
  // The values were read by the kinds of `webhookFlags`, so they have their types.
  const given = parsed.values as Partial<OptionValues<typeof webhookFlags>>;
  const certFile = given.tlsCertFile ?? environment.CERT_FILE ?? "";
  const keyFile = given.tlsKeyFile ?? environment.KEY_FILE ?? "";
  if ((certFile === "") !== (keyFile === "")) {
    return fatal("both of TLS cert & key must be provided or neither (for testing )");
  }
  const address = given.address ?? DEFAULT_ADDRESS;
  const isPlain = certFile === "" && address === DEFAULT_ADDRESS;
  return {
    type: "run",
    settings: { debug: given.debug ?? false, certFile, keyFile, address: isPlain ? PLAIN_ADDRESS : address },
  };
}

function fatal(message: string): WebhookConfig {
  return { type: "fatal", message: `Config parse error: ${message}` };
}
