import { mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { existsSync, lstatSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { folderSource } from "./file-source.ts";
import type { FileSource, RuntimeDriver, Sandbox } from "./types.ts";

/** One file at a path that its sender chose. */
const oneFile = (path: string): FileSource => ({
  id: async () => path,
  async *files() {
    yield {
      path,
      isDirectory: false,
      mode: 0o644,
      size: 1,
      data: async function* () {
        yield Buffer.from("x");
      },
    };
  },
});

/** Attempts to leave the tree through the server's own file operations. The suite context exists when a test starts. */
export function describeTreeEscapes(stage: {
  readonly dataDir: string;
  readonly driver: RuntimeDriver;
  /** The attacker's sandbox. */
  readonly sandbox: Sandbox;
  /** Runs a script inside it. */
  sh(script: string): Promise<{ stdout: string }>;
}): void {
  describe("through the server's file operations (the tree)", () => {
    const outsideFile = () => join(stage.dataDir, "outside.txt");
    beforeAll(async () => {
      await writeFile(outsideFile(), "canary-outside");
    });

    test("rejects links that leave and follows links that stay", async () => {
      await stage.sandbox.files.write("dir/real.txt", "real");
      await stage.sh(
        `cd /app; ln -s ${outsideFile()} abs; ln -s ../../../../../../../../../../${outsideFile()} rel; ln -s /etc etc; ln -s / root; ln -s .. up; ln -s loop loop; ln -s dir in-dir; ln -s dir/real.txt in-file; ln -s /app/dir/real.txt in-abs; ln -s /app/dir in-abs-dir; ln -s /proc/self/root self; ln -s dir/new.txt dangling`,
      );
      for (const path of ["abs", "rel", "etc/passwd", "root/etc/passwd", "up/spec.json", "self/etc/passwd", "loop"]) {
        await expect(stage.sandbox.files.read(path), path).rejects.toMatchObject({ code: "outside_tree" });
        await expect(stage.sandbox.files.write(path, "overwritten"), path).rejects.toMatchObject({ code: "outside_tree" });
      }
      for (const path of ["etc/x", "root/tmp/x", "up/x", "self/tmp/x"]) {
        await expect(stage.sandbox.files.mkdir(path), path).rejects.toMatchObject({ code: "outside_tree" });
        await expect(stage.sandbox.files.rename("dir/real.txt", path), path).rejects.toMatchObject({ code: "outside_tree" });
        await expect(stage.sandbox.files.remove(path, { recursive: true }), path).rejects.toMatchObject({ code: "outside_tree" });
      }
      await expect(stage.sandbox.files.walk({ under: "root/etc" })).rejects.toMatchObject({ code: "outside_tree" });
      await expect(stage.sandbox.files.copyIn(folderSource(stage.dataDir), "up")).rejects.toMatchObject({ code: "outside_tree" });
      for (const path of ["up/x", "root/tmp/x", "etc/x", "../x", "abs/x"])
        await expect(stage.sandbox.files.copyIn(oneFile(path)), path).rejects.toMatchObject({ name: "RuntimeError" });
      for (const path of ["in-dir/real.txt", "in-file", "in-abs", "in-abs-dir/real.txt"])
        expect(new TextDecoder().decode((await stage.sandbox.files.read(path)).data), path).toBe("real");
      await stage.sandbox.files.write("in-file", "through the link");
      expect(new TextDecoder().decode((await stage.sandbox.files.read("dir/real.txt")).data)).toBe("through the link");
      await stage.sandbox.files.write("dangling", "made");
      expect(new TextDecoder().decode((await stage.sandbox.files.read("dir/new.txt")).data)).toBe("made");
      const listed = (await stage.sandbox.files.walk()).map((e) => e.path);
      expect(listed).toContain("root");
      expect(listed.some((path) => path.startsWith("root/") || path.startsWith("in-dir/"))).toBe(false);
      await stage.sandbox.files.remove("root");
      expect(existsSync("/etc/passwd")).toBe(true);
      expect(await readFile(outsideFile(), "utf8")).toBe("canary-outside");
    });

    test("a folder constantly swapped for a link never leads outside", async () => {
      const target = join(stage.dataDir, "target");
      mkdirSync(target);
      writeFileSync(join(target, "file"), "canary-outside");
      const swapping = stage.sandbox.exec(
        [
          "bash",
          "-c",
          `cd /app; mkdir -p swap.d; echo inside > swap.d/file; while :; do ln -sfn ${target} swap; rm swap; mv swap.d swap 2>/dev/null; mv swap swap.d; done`,
        ],
        { timeoutMs: 3_000 },
      );
      const until = performance.now() + 2_800;
      let reads = 0;
      let writes = 0;
      while (performance.now() < until) {
        await stage.sandbox.files.read("swap/file").then(
          ({ data }) => {
            reads++;
            expect(new TextDecoder().decode(data)).not.toContain("canary");
          },
          () => {},
        );
        await stage.sandbox.files.write(`swap/w${writes % 50}`, "x").then(
          () => writes++,
          () => {},
        );
        await stage.sandbox.files.mkdir("swap/sub").catch(() => {});
        await stage.sandbox.files.remove("swap/sub", { recursive: true }).catch(() => {});
        await stage.sandbox.files.rename("swap/file", "swap/file", { overwrite: true }).catch(() => {});
        for (const entry of await stage.sandbox.files.walk({ under: "swap" }).catch(() => [])) expect(entry.path).not.toContain("canary");
      }
      await swapping;
      expect(reads + writes).toBeGreaterThan(0);
      expect(readdirSync(target)).toEqual(["file"]);
      rmSync(target, { recursive: true });
    }, 20_000);

    test("pipes, sockets and devices are not read, and nothing hangs", async () => {
      await stage.sh("cd /app; mkfifo pipe; python3 -c 'import socket; s = socket.socket(socket.AF_UNIX); s.bind(\"sock\")'; true");
      await expect(stage.sandbox.files.read("pipe")).rejects.toMatchObject({ code: "not_supported" });
      await expect(stage.sandbox.files.read("sock")).rejects.toMatchObject({ code: expect.stringMatching(/not_supported|unavailable/) });
      expect((await stage.sandbox.files.write("pipe", "now a file")).created).toBe(false);
    });

    test("written files belong to the project, whatever the folder looked like", async () => {
      if (process.getuid?.() !== 0) return;
      await stage.sandbox.files.write("own/deep/file", "x");
      const { stdout } = await stage.sh(
        'test "$(stat -c %u own own/deep own/deep/file | sort -u)" = "$(id -u)" && echo mine; echo y >> own/deep/file; rm -r own && echo gone',
      );
      expect(stdout).toBe("mine\ngone\n");
    });

    test("a project cannot change images that others share", async () => {
      const source = await mkdtemp(join(tmpdir(), "image-"));
      await writeFile(join(source, "package.json"), "{}");
      await symlink("/etc/passwd", join(source, "left-out"));
      const image = await stage.driver.prepare({
        name: "shared",
        source: folderSource(source),
        build: [
          [
            "sh",
            "-c",
            "mkdir -p node_modules/dep && echo original > node_modules/dep/index.js && echo lock > node_modules/.package-lock.json",
          ],
        ],
      });
      await rm(source, { recursive: true });
      const [a, b] = [await stage.driver.open({ id: "image-a", image }), await stage.driver.open({ id: "image-b", image })];
      const hasOwnUids = statSync(join(stage.dataDir, "runtime")).uid === 0;
      // Without them every project has a copy of its own.
      if (hasOwnUids)
        expect(lstatSync(join(stage.dataDir, "runtime/sandboxes/image-a/files/node_modules/dep/index.js")).ino).toBe(
          lstatSync(join(stage.dataDir, "runtime/sandboxes/image-b/files/node_modules/dep/index.js")).ino,
        );
      const poison = await a.exec(["sh", "-c", "echo poisoned > node_modules/dep/index.js || chmod 777 node_modules/dep/index.js"]);
      expect(poison.exitCode !== 0).toBe(hasOwnUids);
      // Replacing is allowed and affects only this project.
      expect(
        (
          await a.exec([
            "sh",
            "-c",
            "rm node_modules/dep/index.js && echo mine > node_modules/dep/index.js; echo new >> node_modules/.package-lock.json; mkdir node_modules/more",
          ])
        ).exitCode,
      ).toBe(0);
      expect((await b.exec(["cat", "node_modules/dep/index.js", "node_modules/.package-lock.json"])).stdout).toBe("original\nlock\n");
      await b.files.write("node_modules/dep/index.js", "by the server");
      const c = await stage.driver.open({ id: "image-c", image });
      expect((await c.exec(["cat", "node_modules/dep/index.js"])).stdout).toBe("original\n");
      expect(await c.files.stat("left-out")).toBeUndefined();
    }, 60_000);
  });
}
