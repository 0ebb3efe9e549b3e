import { parentPort } from "node:worker_threads";
import { readableOf } from "./readable.ts";

// The request is sent when this module is loaded, so that the page's timeout does not include loading.
parentPort?.once("message", ({ html, url }: { html: string; url: string }) => parentPort?.postMessage(readableOf(html, url)));
parentPort?.postMessage("ready");
