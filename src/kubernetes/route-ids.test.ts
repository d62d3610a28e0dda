import assert from "node:assert/strict";
import { test } from "node:test";
import * as ids from "./route-ids.ts";

const group = { namespace: "team", name: "shop", internal: false };

for (const [id, expected] of [
  [ids.ingressRouteId("team", "shop", "a.test", "/x/y", "web"), "kube_team__shop__a_test___x_y__web"],
  [ids.ingressRouteId("team", "shop", "", "", ""), "kube_team__shop______"],
  [ids.ingressRouteId("te-am", "shöp", "😀.test", "", "w"), "kube_te_am__sh_p____test____w"],
  [ids.defaultExternalRouteId("team", "shop", "x.test"), "kube_team__shop__default____x_test"],
  [ids.extraRouteId("team", "shop", { id: "r", index: 2 }, "a.test", "/x/y"), "kube_team__shop_r_2__a_test_x_y____"],
  [ids.extraRouteId("team", "shop", { id: "", index: 0 }, "a.test", ""), "kube_team__shop__0__a_test____"],
  [ids.ingressCatchAllId("a.test"), "kube___catchall__a_test____"],
  [ids.routeGroupRouteId(group, "", 0, 1), "kube_rg__team__shop__all__0_1"],
  [
    ids.routeGroupRouteId({ ...group, internal: true }, "M-SEARCH", 3, 0),
    "kube_rg__internal_team__shop__m_search__3_0",
  ],
  [ids.routeGroupRouteId({ ...group, name: "shöp.😀" }, "", 0, 0), "kube_rg__team__sh__p_______all__0_0"],
  [ids.routeGroupCatchAllId("a.test", false), "kube_rg____a_test__catchall__0_0"],
  [ids.routeGroupCatchAllId("a.test", true), "kube_rg__internal___a_test__catchall__0_0"],
  [ids.eastWestId("kube_rg__team__shop__all__0_0"), "kubeew_rg__team__shop__all__0_0"],
  [ids.redirectId("kube_x"), "kube_x_https_redirect"],
  [ids.disabledRedirectId("kube_x"), "kube_x_disable_https_redirect"],
] as const) {
  test(expected, () => assert.equal(id, expected));
}
