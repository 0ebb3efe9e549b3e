/** What a population needs, computed from measured costs. */

/** Measured, for the server's thread and the database apart, in CPU milliseconds. */
export interface Cpu {
  server: number;
  database: number;
}
export interface Costs {
  /** Each per second, of the installation without people. */
  base: Cpu;
  signIn: Cpu;
  /** One open stream, per second. */
  stream: Cpu;
  call: Cpu;
  token: Cpu;
  previewRequest: Cpu;
  /** One awake project, per second. */
  awakeProject: Cpu;
  serverMiB: number;
  streamMiB: number;
  awakeProjectMiB: number;
}

/** What a population does, per signed-in person. */
export interface Behavior {
  signInsPerHour: number;
  callsPerSecond: number;
  awakeProjects: number;
  /** Concurrent runs. */
  runs: number;
  tokensPerSecond: number;
  previewRequestsPerSecond: number;
}

export interface Hardware {
  name: string;
  /** Machines for servers and projects; each has these cores and this memory. */
  machines: number;
  cores: number;
  memoryGiB: number;
  /** Cores of the one PostgreSQL primary; 0: it is on the machines. */
  databaseCores: number;
}

export interface Need {
  people: number;
  /** Cores at full load. */
  serverCores: number;
  databaseCores: number;
  /** A server uses one core; above this share of it, latencies grow. */
  servers: number;
  memoryGiB: number;
  /** Share of the hardware in use, worst first. */
  use: { what: string; share: number }[];
}

/** The share of a core, of a machine or of its memory that is planned with; the rest is for peaks. */
const planned = 0.6;

export function needOf(people: number, costs: Costs, does: Behavior, hardware: Hardware): Need {
  const coresOf = (part: keyof Cpu) =>
    (costs.base[part] +
      people *
        ((does.signInsPerHour / 3600) * costs.signIn[part] +
          costs.stream[part] +
          does.callsPerSecond * costs.call[part] +
          does.awakeProjects * costs.awakeProject[part] +
          does.runs * does.tokensPerSecond * costs.token[part] +
          does.previewRequestsPerSecond * costs.previewRequest[part])) /
    1000;
  const serverCores = coresOf("server");
  const databaseCores = coresOf("database");
  const servers = Math.max(1, Math.ceil(serverCores / planned));
  const projectsGiB = (people * does.awakeProjects * costs.awakeProjectMiB) / 1024;
  const serversGiB = (servers * costs.serverMiB + people * costs.streamMiB) / 1024;
  const memoryGiB = projectsGiB + serversGiB;
  const cores = hardware.machines * hardware.cores;
  const ownDatabase = hardware.databaseCores > 0;
  const use = [
    { what: "memory of awake projects", share: projectsGiB / (hardware.machines * hardware.memoryGiB) },
    { what: "memory of servers", share: serversGiB / (hardware.machines * hardware.memoryGiB) },
    { what: "CPU of servers", share: serverCores / cores },
    { what: "CPU of PostgreSQL", share: databaseCores / (ownDatabase ? hardware.databaseCores : cores) },
  ].toSorted((a, b) => b.share - a.share);
  return { people, serverCores, databaseCores, servers, memoryGiB, use };
}

/** The number of people at which something first needs more than what is planned with, and what it is. */
export function limitOf(costs: Costs, does: Behavior, hardware: Hardware): { people: number; what: string } {
  let [low, high] = [0, 10_000_000];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if ((needOf(middle, costs, does, hardware).use[0]?.share ?? 0) > planned) high = middle;
    else low = middle;
  }
  return { people: low, what: needOf(high, costs, does, hardware).use[0]?.what ?? "" };
}
