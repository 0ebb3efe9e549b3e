/** Installs the server as a service of systemd; see `usage`. Exit codes: 0 done, 1 failed, 2 wrong usage; `status`: 3 not installed or not running. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { runCommand } from "./run-command.ts";

const root = join(import.meta.dirname, "..");
const unit = "tesslate-studio.service";
const usage = `usage: ./studio service install   [--user] [--start] [--print]
       ./studio service uninstall [--user]
       ./studio service status    [--user]

  install    writes the unit ${unit} for this checkout and enables it, so that the server starts with the machine
  uninstall  stops the server, disables and removes the unit; data and settings stay
  status     says whether it is installed, up to date, enabled and running; exit code 3 if it isn't installed or running
  --user     a unit of this user instead of the system: no root, but also no user IDs per project
  --start    also start it now
  --print    print the unit, and change nothing
`;

/** The unit of a checkout: that of `deploy/systemd`, or what of it a user's manager can do. */
export function unitFor(checkout: string, { isUser }: { isUser: boolean }): string {
  if (/[\s"'\\%$]/.test(checkout))
    throw new Error(`systemd cannot start programs in ${checkout}: move the checkout to a path without spaces and quotes.`);
  const system = readFileSync(join(root, "deploy/systemd/studio.service"), "utf8").replaceAll("/opt/tesslate-studio", checkout);
  if (!isUser) return system;
  return system
    .replace("as a system service", "as a service of a user")
    .replace(/^(?:After|Wants)=network-online\.target\n/gm, "")
    .replace(/^CapabilityBoundingSet=.*\n/m, "")
    .replace("WantedBy=multi-user.target", "WantedBy=default.target");
}

const pathOf = (isUser: boolean) =>
  isUser ? join(process.env["XDG_CONFIG_HOME"] ?? join(homedir(), ".config"), "systemd/user", unit) : join("/etc/systemd/system", unit);

const say = (line: string) => void process.stdout.write(`${line}\n`);

function main(): number {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      user: { type: "boolean", default: false },
      start: { type: "boolean", default: false },
      print: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  const [command, ...rest] = positionals;
  if (values.help || rest.length > 0 || !["install", "uninstall", "status"].includes(command ?? "")) {
    process.stderr.write(usage);
    return values.help ? 0 : 2;
  }
  const isUser = values.user;
  const text = unitFor(root, { isUser });
  if (values.print) {
    process.stdout.write(text);
    return 0;
  }
  const file = pathOf(isUser);
  const isSystemd = existsSync("/run/systemd/system");
  const systemctl = (...args: string[]) => execFileSync("systemctl", [...(isUser ? ["--user"] : []), ...args], { stdio: "inherit" });
  const ask = (question: string): string => {
    try {
      return execFileSync("systemctl", [...(isUser ? ["--user"] : []), question, unit], {
        encoding: "utf8",
        stdio: ["ignore", "pipe", "ignore"],
      }).trim();
    } catch (error) {
      return String((error as { stdout?: string }).stdout ?? "").trim() || "unknown";
    }
  };
  if (command === "status") {
    if (!existsSync(file)) {
      say(`Not installed: there is no ${file}.`);
      return 3;
    }
    say(
      `Installed: ${file}${readFileSync(file, "utf8") === text ? "" : " (differs from this version; ./studio service install replaces it)"}`,
    );
    const active = isSystemd ? ask("is-active") : "unknown: systemd does not run";
    say(`Enabled: ${isSystemd ? ask("is-enabled") : "unknown: systemd does not run"}\nState: ${active}`);
    return active === "active" ? 0 : 3;
  }
  if (!isUser && process.getuid?.() !== 0) throw new Error(`A service of the system needs root. Run it with sudo, or use --user.`);
  if (command === "uninstall") {
    if (!existsSync(file)) {
      say(`Not installed: there is no ${file}.`);
      return 0;
    }
    if (isSystemd) systemctl("disable", "--now", unit);
    rmSync(file);
    if (isSystemd) systemctl("daemon-reload");
    say(`Removed ${file}. Data and settings are still there.`);
    return 0;
  }
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text, { mode: 0o644 });
  say(`Wrote ${file}`);
  if (!isSystemd) {
    say(`systemd does not run here. Where it does: systemctl ${isUser ? "--user " : ""}enable --now ${unit}`);
    return 0;
  }
  systemctl("daemon-reload");
  systemctl("enable", ...(values.start ? ["--now"] : []), unit);
  if (isUser) say(`Without a session of the user it runs only after: loginctl enable-linger`);
  say(
    values.start
      ? `Started. Log: journalctl ${isUser ? "--user " : ""}--unit ${unit}`
      : `Start it with: systemctl ${isUser ? "--user " : ""}start ${unit}`,
  );
  return 0;
}

if (import.meta.main) await runCommand(async () => main(), usage);
