import { createHash } from "node:crypto";
import { basename } from "node:path";
import { scanText } from "../../delivery/launch/index.ts";
import { createValueFinder, type Redactor } from "../../projects/secrets/index.ts";
import type { ArchivedFile } from "../../source/transfer/index.ts";

/** Why a file may not be published. */
export interface ArchiveFinding {
  path: string;
  /** From 1, if known. */
  line: number | null;
  why: string;
}
const maxFindings = 50;
const maxReadBytes = 1024 * 1024;

/** Files that contain secrets by their kind. Example files are allowed. */
const secretFiles: [RegExp, string][] = [
  [/^\.env(?!\.(?:example|sample|template|dist)$)(?:\..+)?$/i, "an environment file (publish an .env.example instead)"],
  [/\.(?:pem|key|p12|pfx|jks|keystore)$/i, "a private key or certificate"],
  [
    /^(?:id_(?:rsa|dsa|ecdsa|ed25519)|\.netrc|\.pgpass|\.htpasswd|\.git-credentials|credentials\.json|service-account.*\.json)$/i,
    "a credentials file",
  ],
];
/** Files that run code on other users' machines without being called. */
const hookFolders = /(?:^|\/)(?:\.husky|\.githooks|\.git\/hooks)\//;
const installScripts = ["preinstall", "install", "postinstall"] as const;

/** Reasons not to publish these files, at most fifty. `values`: the secret values of the source project. */
export async function inspectArchive(files: readonly ArchivedFile[], values: Redactor): Promise<ArchiveFinding[]> {
  const found: ArchiveFinding[] = [];
  const report = (path: string, why: string, line: number | null = null) =>
    void (found.length < maxFindings && found.push({ path, line, why }));
  for (const file of files) {
    if (found.length >= maxFindings) break;
    const name = basename(file.path);
    const kind = secretFiles.find(([pattern]) => pattern.test(name));
    if (kind) report(file.path, kind[1]);
    if (hookFolders.test(file.path)) report(file.path, "a git hook");
    if (name === ".envrc") report(file.path, "a script that runs when the folder is entered");
    await inspectContent(file, name, values, report);
  }
  return found;
}

async function inspectContent(
  file: ArchivedFile,
  name: string,
  values: Redactor,
  report: (path: string, why: string, line?: number | null) => void,
): Promise<void> {
  const scan = scanText(createValueFinder([]));
  const decoder = new TextDecoder();
  const stream = values.stream();
  const [before, after] = [createHash("sha256"), createHash("sha256")];
  let head = "";
  for await (const piece of await file.open()) {
    const text = decoder.decode(piece as Buffer, { stream: true });
    scan.push(piece as Buffer);
    if (head.length < maxReadBytes) head += text;
    before.update(text);
    after.update(stream.push(text));
  }
  after.update(values.redact(stream.flush()));
  if (before.digest("hex") !== after.digest("hex")) report(file.path, "the value of one of the project's secrets");
  for (const { what, line } of scan.end()) report(file.path, what, line);
  if (name === "package.json")
    for (const script of installScriptsOf(head)) report(file.path, `a script that runs while packages are installed (${script})`);
  if (name === "tasks.json" && /"runOn"\s*:\s*"folderOpen"/.test(head))
    report(file.path, "a task that an editor runs when the folder is opened");
  if (/^\.(?:npmrc|yarnrc|yarnrc\.yml|pypirc)$/.test(name) && /_auth|authToken|password|script-shell|node-options|yarnPath/i.test(head))
    report(file.path, "registry credentials or a program that package managers run");
}

function installScriptsOf(text: string): string[] {
  try {
    const { scripts }: { scripts?: unknown } = (JSON.parse(text) as { scripts?: unknown } | null) ?? {};
    return typeof scripts === "object" && scripts !== null ? installScripts.filter((script) => Object.hasOwn(scripts, script)) : [];
  } catch {
    return [];
  }
}
