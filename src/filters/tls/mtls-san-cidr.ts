// mtlsSanCIDR: Lets requests pass whose client certificate is for an IP address in one of these ranges. (spec filters 12).

import { rest } from "../../spec/args.ts";
import { defineFilter } from "../../spec/filter.ts";
import { alternativeNames } from "./alternative-names.ts";
import { certificateFilter, mtlsDetails } from "./client-certificate.ts";
import { ipRange } from "./ip-address.ts";

export const mtlsSanCIDR = defineFilter({
  name: "mtlsSanCIDR",
  summary: "Lets requests pass whose client certificate is for an IP address in one of these ranges.",
  details: mtlsDetails,
  args: [rest("range", ipRange, 1)],
  examples: [{ route: '* -> mtlsSanCIDR("10.0.0.0/8") -> status(204) -> <shunt>', expect: { status: 401 } }],
  create: ([sets]) =>
    certificateFilter((own) =>
      alternativeNames(own, "IP Address").some((ip) => sets.some((set) => set.containsText(ip))),
    ),
});
