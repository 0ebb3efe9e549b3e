import { expect, test } from "vitest";
import { networkPolicies, peerOf } from "./network-policies.ts";

test("who may connect is an address, a range or pods by their label", () => {
  expect(peerOf("10.1.2.3")).toEqual({ ipBlock: { cidr: "10.1.2.3/32" } });
  expect(peerOf("10.1.0.0/16")).toEqual({ ipBlock: { cidr: "10.1.0.0/16" } });
  expect(peerOf("fd00::1")).toEqual({ ipBlock: { cidr: "fd00::1/128" } });
  const labeled = { matchLabels: { "app.kubernetes.io/name": "tesslate-studio" } };
  expect(peerOf("app.kubernetes.io/name=tesslate-studio")).toEqual({ podSelector: labeled });
  expect(peerOf("studio/app.kubernetes.io/name=tesslate-studio")).toEqual({
    podSelector: labeled,
    namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "studio" } },
  });
});

test("private and blocked addresses are closed, allowed ones open on their port", () => {
  const rules = { ports: [{ ip: "10.9.9.9", port: 5432 }], hosts: ["10.8.0.0/24"], refused: ["203.0.113.7"] };
  const text = JSON.stringify(networkPolicies({ allowFrom: ["10.1.2.3"], rules }));
  for (const closed of ["10.0.0.0/8", "169.254.0.0/16", "203.0.113.7/32"])
    expect(text).toMatch(new RegExp(`"except":\\[[^\\]]*"${closed}"`));
  expect(text).toContain('{"to":[{"ipBlock":{"cidr":"10.9.9.9/32"}}],"ports":[{"protocol":"TCP","port":5432}]}');
  expect(text).toContain('{"to":[{"ipBlock":{"cidr":"10.8.0.0/24"}}]}');
});
