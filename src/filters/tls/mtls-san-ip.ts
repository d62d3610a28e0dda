// mtlsSanIP: Lets requests pass whose client certificate is for one of these IP addresses. (spec filters 12).

import { rest } from "../../spec/args.ts";
import { defineFilter } from "../../spec/filter.ts";
import { alternativeNames } from "./alternative-names.ts";
import { certificateFilter, mtlsDetails } from "./client-certificate.ts";
import { ipAddress } from "./ip-address.ts";

export const mtlsSanIP = defineFilter({
  name: "mtlsSanIP",
  summary: "Lets requests pass whose client certificate is for one of these IP addresses.",
  details: mtlsDetails,
  args: [rest("address", ipAddress, 1)],
  examples: [{ route: '* -> mtlsSanIP("10.0.0.1") -> status(204) -> <shunt>', expect: { status: 401 } }],
  create: ([sets]) =>
    certificateFilter((own) =>
      alternativeNames(own, "IP Address").some((ip) => sets.some((set) => set.containsText(ip))),
    ),
});
