/** The first page of the API reference, in Markdown. `docs/api/README.md` has the same subjects with runnable examples. */
export const introduction = `Describe an app, let an agent build it in a sandbox, and follow it live. This is the reference of every operation; a guide with runnable examples is at \`/help/api\` of this server.

## Authentication
Programs send an API key (\`POST /api/auth/api-keys\`) or an access token as \`Authorization: Bearer …\`. A key has the scopes \`read\` (GET), \`write\` (everything else) and \`run\` (the agent); each operation says which one it needs. \`POST /api/auth/login\` with \`with_refresh_token\` answers a token for 15 minutes and a refresh token.
Browsers use the session cookie. Their writes also send the token of \`GET /api/auth/csrf\` as \`X-CSRF-Token\`.
401 \`token_expired\` means: refresh, then retry. Resources of other users return 404, as if they did not exist.

## Requests
JSON, UTF-8, snake_case. Unknown fields and query parameters are refused by name (422). \`{id}\` of a project takes its UUID or its slug; other ids are UUIDs. Times are ISO 8601 in UTC, money is in US cents (\`*_cents\`; costs of model calls have decimals), one credit is one cent.

## Errors
Every error is \`{"detail": "a sentence", "code": "snake_case", "details": {…}}\`, and 422 for invalid input is \`{"detail": [{"loc", "msg", "type"}]}\`. Branch on \`code\`; \`detail\` is for people. Answers of status 5xx carry \`request_id\`.

## Lists
\`{"items": […], "total", "page", "total_pages"}\`. Page with \`page\` and \`limit\` (1 to 500, default 50), or with \`skip\` and \`limit\`.

## Tasks
An action that takes time answers 201 or 202 with \`task_id\` and \`status_url\`. Follow \`GET /api/tasks/{task_id}/events\`, or the event stream of the project. \`task_id\` is null if there was nothing to do.

## Event streams
Server-sent events: \`id: <seq>\`, \`data: <JSON>\`, an empty line; \`: keepalive\` after 15 seconds of silence. \`seq\` has no gaps per project and per task. Reconnect with \`Last-Event-ID\` to receive what you missed. A stream with an end answers 204 to a client that already received it. What can be refused is refused with an HTTP error before the stream starts.

## WebSockets
The three sockets are described under \`x-websocket\`. Authenticate with the session cookie, with \`?ticket=\` of \`POST /api/auth/ws-ticket\`, with \`Authorization\`, or with a first frame \`{"type": "auth", "token": "…"}\` within 10 seconds. Close code 4401: not signed in; 4404: not found or not yours.

## Idempotency
Every POST of a signed-in caller that changes something takes \`Idempotency-Key\` (1 to 255 characters). For 24 hours the same key with the same request returns the stored answer with \`Idempotent-Replayed: true\` and does nothing. The same key with another request is 422; while the first request runs it is 409 \`idempotency_key_running\`.

## Concurrent changes
Resources with an \`ETag\` (files, notes, plans) take \`If-Match\`: another version than yours is 412 \`etag_mismatch\`, with the current one in \`ETag\`.

## Rate limits
429 \`rate_limited\` carries \`Retry-After\` in seconds. 503 and other codes marked retryable may succeed later, too.
`;
