import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import type { Plugin } from "vite";

const compressible = /\.(?:js|css|html|svg|webmanifest|json|map)$/;
const smallestWorthwhileBytes = 1024;

/** Writes `.br` and `.gz` beside every text file of the build, so that the server only picks one. */
export function precompress(): Plugin {
  let outDir = "dist";
  return {
    name: "tesslate:precompress",
    apply: "build",
    configResolved(config) {
      outDir = join(config.root, config.build.outDir);
    },
    closeBundle() {
      for (const entry of readdirSync(outDir, { recursive: true, encoding: "utf8" })) {
        const file = join(outDir, entry);
        if (!compressible.test(entry) || statSync(file).size < smallestWorthwhileBytes) continue;
        const bytes = readFileSync(file);
        writeFileSync(`${file}.gz`, gzipSync(bytes, { level: 9 }));
        writeFileSync(
          `${file}.br`,
          brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } }),
        );
      }
    },
  };
}
