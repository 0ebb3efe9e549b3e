import { once } from "node:events";
import { createGzip } from "node:zlib";
import type { ValueFinder } from "../../projects/secrets/index.ts";
import type { Tap } from "../../../http/static-site.ts";
import { scanText, type FoundSecret } from "./text-scan.ts";

/** One response to a visitor. */
export interface MeasuredResponse {
  path: string;
  /** Bytes as a host would send them, with text compressed. */
  bytes: number;
}
export interface Traffic {
  tap: Tap;
  /** Ends the first page's measurement and resolves with its responses. */
  endOfFirstPage(): Promise<MeasuredResponse[]>;
  /** Secrets in the responses, where they are scanned. */
  secrets(): ReadonlyMap<string, readonly FoundSecret[]>;
}

const isCompressible = (type: string) => /^text\/|javascript|json|xml|wasm|font\/(?:ttf|otf)/.test(type);
const isText = (type: string) => /^text\/|javascript|json|xml/.test(type);
const maxPaths = 500;

/** `values`: what to scan for; without it responses are only measured. */
export function watchTraffic(values?: ValueFinder): Traffic {
  const first: Promise<MeasuredResponse>[] = [];
  const found = new Map<string, readonly FoundSecret[]>();
  let isFirst = true;
  return {
    tap: ({ path, type, isEncoded }) => {
      const scan = values && !isEncoded && isText(type) && found.size < maxPaths ? scanText(values) : undefined;
      const scale = isFirst && first.length < maxPaths ? weigh(path, isCompressible(type) && !isEncoded) : undefined;
      if (scale) first.push(scale.weighed);
      return {
        data: (piece) => {
          scan?.push(piece);
          scale?.data(piece);
        },
        end: () => {
          scale?.end();
          const secrets = scan?.end() ?? [];
          if (secrets.length > 0) found.set(path, secrets);
        },
      };
    },
    endOfFirstPage: () => {
      isFirst = false;
      const open = first.map((one) => Promise.race([one, new Promise<undefined>((resolve) => setTimeout(resolve, 2000, undefined))]));
      return Promise.all(open).then((all) => all.filter((one) => one !== undefined));
    },
    secrets: () => found,
  };
}

function weigh(path: string, isCompressed: boolean) {
  let bytes = 0;
  const { promise, resolve } = Promise.withResolvers<MeasuredResponse>();
  if (!isCompressed)
    return {
      weighed: promise,
      data: (piece: Uint8Array) => void (bytes += piece.length),
      end: () => resolve({ path, bytes }),
    };
  const gzip = createGzip();
  gzip.on("data", (piece: Buffer) => (bytes += piece.length));
  once(gzip, "end").then(
    () => resolve({ path, bytes }),
    () => resolve({ path, bytes }),
  );
  return { weighed: promise, data: (piece: Uint8Array) => void gzip.write(piece), end: () => void gzip.end() };
}
