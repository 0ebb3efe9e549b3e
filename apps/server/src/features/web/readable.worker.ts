import { parentPort, workerData } from "node:worker_threads";
import { readableOf } from "./readable.ts";

const { html, url } = workerData as { html: string; url: string };
parentPort?.postMessage(readableOf(html, url));
