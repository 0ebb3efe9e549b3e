import { createServer, type IncomingMessage, type Server } from "node:http";
import type { Duplex } from "node:stream";
import fastify, { LogController, type FastifyBaseLogger, type FastifyInstance, type FastifyReply } from "fastify";
import type { Config } from "../config.ts";
import type { Logger } from "../platform/logger.ts";
import { renderError } from "./errors.ts";
import { nextRequestId } from "./mount.ts";
import { hostOf, type OwnHosts } from "./own-hosts.ts";
import type { PreviewSite } from "./preview-site.ts";
import { createSerializerCompiler, createValidatorCompiler } from "./schemas.ts";

/** The HTTP library with our errors, schemas and parsers. Requests for preview hosts go to `preview`. */
export function createFastify({
  config,
  log,
  preview,
  forwardedRequestId,
  isPreviewHost,
}: {
  config: Pick<Config["http"], "trustProxy">;
  log: Logger;
  preview: PreviewSite;
  /** Of a request that another server forwarded. */
  forwardedRequestId?: ((request: IncomingMessage) => string | undefined) | undefined;
  isPreviewHost: OwnHosts["isPreviewHost"];
}): FastifyInstance {
  const app = fastify({
    loggerInstance: log as FastifyBaseLogger,
    // mount.ts logs one line per request.
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: "request_id" }),
    genReqId: (request) => forwardedRequestId?.(request) ?? nextRequestId(),
    // With one proxy, the address it saw, not the client's own X-Forwarded-For.
    trustProxy: config.trustProxy ? (_address, hop) => hop === 0 : false,
    bodyLimit: 1024 * 1024,
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 4096 },
    forceCloseConnections: "idle",
    requestTimeout: 0,
    frameworkErrors: (error, request, reply) => {
      const { status, headers, body } = renderError(error, request.id);
      void (reply as unknown as FastifyReply)
        .code(status)
        .headers(headers)
        .type("application/json; charset=utf-8")
        .send(JSON.stringify(body));
    },
    clientErrorHandler: (error, socket) => {
      if (!socket.writable || error.code === "ECONNRESET") return void socket.destroy();
      const [status, line] = error.code === "HPE_HEADER_OVERFLOW" ? [431, "Request Header Fields Too Large"] : [400, "Bad Request"];
      const body = JSON.stringify({
        detail: status === 431 ? "The request's headers are too large." : "The HTTP request is malformed.",
        code: "bad_request",
      });
      socket.end(
        `HTTP/1.1 ${status} ${line}\r\ncontent-type: application/json; charset=utf-8\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
      );
    },
    serverFactory: (handler) => {
      const server: Server = createServer({ keepAliveTimeout: 72_000 }, (request, response) =>
        isPreviewHost(hostOf(request.headers.host)) ? preview.request(request, response) : handler(request, response),
      );
      const emit = server.emit.bind(server);
      server.emit = (event: string, ...args: unknown[]) => {
        const [request, socket, head] = args as [IncomingMessage, Duplex, Buffer];
        if (event === "upgrade" && isPreviewHost(hostOf(request.headers.host))) {
          preview.upgrade(request, socket, head);
          return true;
        }
        return emit(event, ...args);
      };
      return server;
    },
  });
  app.setValidatorCompiler(createValidatorCompiler());
  app.setSerializerCompiler(createSerializerCompiler());
  app.removeContentTypeParser("text/plain");
  const json = app.getDefaultJsonParser("error", "error");
  app.removeContentTypeParser("application/json");
  app.addContentTypeParser("application/json", { parseAs: "string" }, (request, body, done) =>
    body === "" ? done(null, undefined) : json(request, body as string, done),
  );
  app.addContentTypeParser("application/x-www-form-urlencoded", { parseAs: "string" }, (_request, body, done) =>
    done(null, Object.fromEntries(new URLSearchParams(body as string))),
  );
  return app;
}
