import { parentPort } from "node:worker_threads";
import { readableOf } from "./readable.ts";

// Asked once this module is loaded, so that the time a page may take is the page's own.
parentPort?.once("message", ({ html, url }: { html: string; url: string }) => parentPort?.postMessage(readableOf(html, url)));
parentPort?.postMessage("ready");
