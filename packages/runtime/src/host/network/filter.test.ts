import { describe, expect, test } from "vitest";
import { hostRules, hubDevice, hubRules, type Policy } from "./filter.ts";

/** A packet as the rules see it. */
interface Packet {
  iif?: string;
  oif?: string;
  from?: string;
  to: string;
  port?: number;
  protocol?: "tcp" | "udp" | "icmp";
  isIpv6?: boolean;
  isAnswer?: boolean;
}
/** `undecided`: it reached the policy of the chain, which accepts. */
type Verdict = "accept" | "refuse" | "drop" | "undecided";

const device = "ts-key";
const policy: Policy = {
  table: "tesslate_key",
  device,
  pool: ["100.64.0.0-100.64.3.231"],
  resolvers: ["192.168.7.53"],
  outboundRules: { ports: [{ ip: "10.1.2.3", port: 5432 }], hosts: ["10.9.0.0/16"], refused: ["203.0.113.0/24"] },
  peers: [{ from: "100.64.0.6", to: "100.64.0.14" }],
  uplinks: new Set(["eth0"]),
  isRouter: false,
};

const number = (ip: string) => ip.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
const isIn = (ip: string, range: string): boolean => {
  const [first = "", last] = range.split("-");
  if (last !== undefined) return number(ip) >= number(first) && number(ip) <= number(last);
  const [base = "", width = "32"] = range.split("/");
  const size = 2 ** (32 - Number(width));
  return Math.floor(number(ip) / size) === Math.floor(number(base) / size);
};
const isDevice = (name: string | undefined, pattern: string) =>
  pattern.endsWith("*") ? (name ?? "").startsWith(pattern.slice(0, -1)) : name === pattern;

/** Parses the part of nft's language that the filter uses; any other rule is an error. */
function readRules(text: string) {
  const sets = new Map<string, string[]>();
  for (const [, name = "", list = ""] of text.matchAll(/set (\w+) \{[^{}]*?(?:elements = \{ ([^}]*) \};)? \}/g))
    sets.set(name, list.split(", ").filter(Boolean));
  const chains = new Map<string, string[]>();
  for (const [, name = "", body = ""] of text.matchAll(/\n {2}chain (\w+) \{(.*?)\n {2}\}/gs))
    chains.set(
      name,
      body
        .split("\n")
        .map((line) => line.trim())
        .filter((line) => line !== "" && !line.startsWith("#") && !line.startsWith("type ")),
    );
  const setOf = (name: string) => sets.get(name) ?? expect.unreachable(`there is no set ${name}`);

  const conditions: [RegExp, (packet: Packet, ...found: string[]) => boolean][] = [
    [/^ct state established,related /, ({ isAnswer = false }) => isAnswer],
    [/^ct state new /, ({ isAnswer = false }) => !isAnswer],
    [
      /^([io])ifname (!= )?"([^"]+)" /,
      (packet, end, not, name = "") => isDevice(packet[end === "i" ? "iif" : "oif"], name) !== Boolean(not),
    ],
    [/^iifname \{ ([^}]+) \} /, ({ iif }, names = "") => names.split(", ").some((name) => isDevice(iif, name.slice(1, -1)))],
    [/^meta nfproto ipv6 /, ({ isIpv6 = false }) => isIpv6],
    [/^meta l4proto tcp /, ({ protocol = "tcp" }) => protocol === "tcp"],
    [
      /^meta l4proto \{ tcp, udp \} th dport (\d+) /,
      ({ protocol = "tcp", port }, wanted) => protocol !== "icmp" && port === Number(wanted),
    ],
    [/^tcp dport (\d+) /, ({ protocol = "tcp", port }, wanted) => protocol === "tcp" && port === Number(wanted)],
    [
      /^ip daddr \. tcp dport @(\w+) /,
      ({ to, port, protocol = "tcp", isIpv6 }, set = "") => !isIpv6 && protocol === "tcp" && setOf(set).includes(`${to} . ${port}`),
    ],
    [/^ip saddr \. ip daddr @(\w+) /, ({ from, to }, set = "") => setOf(set).includes(`${from} . ${to}`)],
    [/^ip daddr \. ip saddr @(\w+) /, ({ from, to }, set = "") => setOf(set).includes(`${to} . ${from}`)],
    [/^ip daddr @(\w+) /, ({ to, isIpv6 }, set = "") => !isIpv6 && setOf(set).some((range) => isIn(to, range))],
  ];

  function walk(chain: string, packet: Packet): Verdict {
    for (const rule of chains.get(chain) ?? expect.unreachable(`there is no chain ${chain}`)) {
      let rest = rule;
      let fits = true;
      for (let found = true; found;) {
        found = false;
        for (const [pattern, holds] of conditions) {
          const match = pattern.exec(rest);
          if (!match) continue;
          fits &&= holds(packet, ...match.slice(1));
          rest = rest.slice(match[0].length);
          found = true;
        }
      }
      const [, act = "", to = ""] = /^(accept|drop|reject|jump|goto)\b ?(.*)$/.exec(rest) ?? expect.unreachable(`unknown rule: ${rule}`);
      if (!fits) continue;
      if (act === "accept" || act === "drop") return act;
      if (act === "reject") return "refuse";
      const verdict = walk(to, packet);
      if (act === "goto" || verdict !== "undecided") return verdict;
    }
    return "undecided";
  }
  return { chains, sets, walk };
}

const hub = readRules(hubRules(policy));
const host = readRules(hostRules(policy));
const cable = "p4";

/** An outgoing packet of a sandbox, at each hook it passes. */
const outgoing: [string, (packet: Packet) => Verdict][] = [
  ["in the hub", (packet) => hub.walk("forward", { iif: cable, oif: hubDevice, ...packet })],
  ["on the host", (packet) => host.walk("forward", { iif: device, oif: "eth0", ...packet })],
];

describe.each(outgoing)("packets from a sandbox, %s", (_, verdictOf) => {
  test.each([
    ["this network", "0.0.0.1", "0.255.255.255"],
    ["private", "10.0.0.1", "10.255.255.255"],
    ["shared", "100.64.0.1", "100.127.255.255"],
    ["loopback", "127.0.0.1", "127.255.255.255"],
    ["link-local, with the metadata of clouds", "169.254.0.1", "169.254.169.254"],
    ["private", "172.16.0.1", "172.31.255.255"],
    ["private", "192.168.0.1", "192.168.255.255"],
    ["multicast and reserved", "224.0.0.1", "255.255.255.255"],
  ])("%s addresses are blocked: %s to %s", (_name, first, last) => {
    for (const to of [first, last])
      for (const protocol of ["tcp", "udp", "icmp"] as const)
        expect([to, protocol, verdictOf({ to, port: 80, protocol })]).toEqual([to, protocol, "refuse"]);
  });
  test("public addresses are reachable, except for mail and those the operator blocks", () => {
    for (const to of [
      "1.1.1.1",
      "9.255.255.255",
      "11.0.0.0",
      "100.63.255.255",
      "100.128.0.0",
      "172.15.0.1",
      "172.32.0.1",
      "223.255.255.255",
    ])
      expect([to, verdictOf({ to, port: 443 })]).toEqual([to, "accept"]);
    expect(verdictOf({ to: "1.1.1.1", port: 25 })).toBe("refuse");
    expect(verdictOf({ to: "203.0.113.9", port: 443 })).toBe("refuse");
  });
  test("IPv6 is dropped", () => {
    expect(verdictOf({ to: "2001:db8::1", port: 443, isIpv6: true })).toBe("drop");
  });
  test("the operator's exceptions are reachable although private, by port if one is given", () => {
    expect(verdictOf({ to: "10.1.2.3", port: 5432 })).toBe("accept");
    expect(verdictOf({ to: "10.1.2.3", port: 5433 })).toBe("refuse");
    expect(verdictOf({ to: "10.9.4.4", port: 22 })).toBe("accept");
    for (const protocol of ["tcp", "udp"] as const) expect(verdictOf({ to: "192.168.7.53", port: 53, protocol })).toBe("accept");
    expect(verdictOf({ to: "192.168.7.53", port: 443 })).toBe("refuse");
  });
  test("no chain relies on its policy, which is accept", () => {
    for (const isAnswer of [true, false])
      for (const isIpv6 of [true, false])
        for (const protocol of ["tcp", "udp", "icmp"] as const)
          for (const to of ["1.1.1.1", "10.0.0.1"]) expect(verdictOf({ to, port: 80, protocol, isIpv6, isAnswer })).not.toBe("undecided");
  });
});

test("sandboxes reach neither each other nor the hub, and the hub returns no packet to where it came from", () => {
  expect(hub.walk("forward", { iif: cable, oif: "p5", to: "100.64.0.10", port: 4000 })).toBe("refuse");
  expect(hub.walk("input", { iif: cable, to: "100.64.0.1", port: 22 })).toBe("refuse");
  expect(hub.walk("input", { iif: cable, to: "100.64.0.1", isAnswer: true })).toBe("accept");
  expect(hub.walk("forward", { iif: hubDevice, oif: hubDevice, to: "100.64.0.99", port: 80 })).toBe("refuse");
  expect(hub.walk("forward", { iif: hubDevice, oif: cable, to: "100.64.0.6", port: 4000 })).toBe("accept");
});

test("without a table on the host the hub translates addresses, and sends nothing of its own there", () => {
  const only = readRules(hubRules(policy, { isOnly: true }));
  expect(only.walk("output", { oif: hubDevice, to: "100.64.0.99", port: 80 })).toBe("refuse");
  expect(only.walk("output", { oif: "p5", to: "100.64.0.6", port: 4000 })).toBe("accept");
  expect(only.chains.get("postrouting")).toContain(`ip saddr @pool oifname "${hubDevice}" masquerade`);
  expect(only.chains.get("forward")).toEqual(hub.chains.get("forward"));
  expect(only.chains.get("input")).toEqual(hub.chains.get("input"));
});

test("a sandbox reaches its peers over TCP; they can only respond", () => {
  const between = (from: string, to: string, more: Partial<Packet> = {}) =>
    hub.walk("forward", { iif: cable, oif: "p5", from, to, port: 5432, ...more });
  expect(between("100.64.0.6", "100.64.0.14")).toBe("accept");
  expect(between("100.64.0.6", "100.64.0.14", { protocol: "udp" })).toBe("refuse");
  expect(between("100.64.0.6", "100.64.0.18")).toBe("refuse");
  expect(between("100.64.0.10", "100.64.0.14")).toBe("refuse");
  expect(between("100.64.0.14", "100.64.0.6")).toBe("refuse");
  expect(between("100.64.0.14", "100.64.0.6", { isAnswer: true })).toBe("accept");
  expect(between("100.64.0.14", "100.64.0.10", { isAnswer: true })).toBe("refuse");
});

test("a sandbox reaches only the allowed services of the host", () => {
  for (const to of ["127.0.0.1", "192.168.1.4", "1.2.3.4", "100.64.0.1"])
    expect([to, host.walk("input", { iif: device, to, port: 22 })]).toEqual([to, "refuse"]);
  expect(host.walk("input", { iif: device, to: "10.1.2.3", port: 5432 })).toBe("accept");
  expect(host.walk("input", { iif: device, to: "1.2.3.4", port: 22, isIpv6: true })).toBe("refuse");
  // Traffic from elsewhere is not filtered here.
  expect(host.walk("input", { iif: "eth0", to: "192.168.1.4", port: 22 })).toBe("undecided");
});

test("others cannot connect into sandboxes, nor through this host unless it is a router", () => {
  expect(host.walk("forward", { iif: "eth0", oif: device, to: "100.64.0.6", port: 4000 })).toBe("drop");
  expect(host.walk("forward", { iif: "eth0", oif: device, to: "100.64.0.6", isAnswer: true })).toBe("accept");
  expect(host.walk("forward", { iif: "eth0", oif: "eth1", to: "192.168.5.5", port: 80 })).toBe("drop");
  const router = readRules(hostRules({ ...policy, isRouter: true }));
  expect(router.walk("forward", { iif: "eth0", oif: "eth1", to: "192.168.5.5", port: 80 })).toBe("undecided");
  expect(router.walk("forward", { iif: "eth0", oif: device, to: "100.64.0.6", port: 4000 })).toBe("drop");
});

test.each([
  ["hub", hub],
  ["host", host],
])("every chain of the %s that a sandbox's packet enters ends in a decision", (_, { chains }) => {
  expect(chains.get("refuse")).toEqual(["meta l4proto tcp reject with tcp reset", "reject with icmpx type admin-prohibited"]);
  for (const [name, rules] of chains) {
    if (["named", "postrouting"].includes(name)) continue; // one is a list of exceptions, the other decides nothing
    const last = rules.at(-1);
    const isOfAll = ["input", "forward"].includes(name) && last !== "goto egress";
    expect([name, last]).toEqual([
      name,
      isOfAll
        ? expect.stringMatching(/(refuse|from_sandbox|drop)$/)
        : expect.stringMatching(/^(goto refuse|goto egress|accept|reject .*)$/),
    ]);
  }
});

test("the rules are replaced in one transaction and omit empty sets", () => {
  for (const rules of [hubRules(policy), hostRules(policy)])
    expect(rules.trim().split("\n").slice(0, 3)).toEqual([
      "add table inet tesslate_key",
      "delete table inet tesslate_key",
      "table inet tesslate_key {",
    ]);
  const bare = readRules(hostRules({ ...policy, resolvers: [], outboundRules: { ports: [], hosts: [], refused: [] }, uplinks: new Set() }));
  expect(bare.walk("forward", { iif: device, to: "10.1.2.3", port: 5432 })).toBe("refuse");
  expect(bare.walk("forward", { iif: device, to: "203.0.113.9", port: 80 })).toBe("accept");
});
