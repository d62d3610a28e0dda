// Options of the admission webhook inside of the proxy (spec kubernetes 14).

import { option } from "./option.ts";
import { bool, string } from "./option-kinds.ts";

export const webhookOptions = [
  option(
    "validation-webhook-enabled",
    bool,
    false,
    "Serves the admission webhook for Ingress and RouteGroup beside the proxy. Needs certificate and key.",
  ),
  option("validation-webhook-address", string, ":9000", "Listener of the admission webhook (TLS), host:port."),
  option(
    "validation-webhook-cert-file",
    string,
    "",
    "File with the certificate of the admission webhook (PEM); read again when it changes.",
  ),
  option("validation-webhook-key-file", string, "", "File with the key of -validation-webhook-cert-file."),
  option(
    "enable-advanced-validation",
    bool,
    false,
    "The admission webhook also checks names and arguments of filters and predicates, and backends.",
  ),
] as const;
