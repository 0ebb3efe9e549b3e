import { ModelProvider } from "@tesslate/contract";
import { expect, refuse, sample, screen, test, waitFor } from "../../testing/index.ts";
import { ConnectModelForm } from "./ConnectModelForm.tsx";
import type { ModelSetup } from "./models.queries.ts";

const setup: ModelSetup = {
  configured: false,
  default_model: null,
  can_configure: true,
  demo: false,
  demo_available: false,
  ollama: null,
  providers: [
    sample(ModelProvider, {
      provider: "openai",
      name: "OpenAI",
      description: "GPT models",
      website: "https://platform.openai.com/api-keys",
      needs_key: true,
      base_url: "https://api.openai.com/v1",
    }),
    sample(ModelProvider, { provider: "openai-compatible", name: "OpenAI-compatible", needs_key: false, base_url: null }),
  ],
};

test("a key is tested, then the provider is connected with a default model", async ({ api, show, user }) => {
  let done = 0;
  show(<ConnectModelForm setup={setup} onDone={() => (done += 1)} />);
  await user.click(await screen.findByRole("button", { name: "Test key" }));
  expect(screen.getByLabelText("API key")).toHaveAccessibleDescription("Enter an API key.");
  expect(screen.getByLabelText("API key")).toHaveFocus();
  api.answer("models.test", { ok: true, message: "2 models.", models: ["openai/gpt-5.1", "openai/gpt-5.1-mini"] });
  await user.type(screen.getByLabelText("API key"), "sk-1{Enter}");
  expect(await screen.findByText("2 models.")).toHaveAttribute("role", "status");
  api.answer("models.configure", setup);
  await user.click(screen.getByRole("button", { name: "Connect model" }));
  await waitFor(() => expect(done).toBe(1));
  expect(api.asked("models.test").map(({ body }) => body)).toEqual([{ provider: "openai", api_key: "sk-1" }]);
  expect(api.asked("models.configure")[0]?.body).toEqual({
    kind: "provider",
    provider: "openai",
    api_key: "sk-1",
    default_model: "openai/gpt-5.1",
  });
});

test("a key that does not work is named at its field, a URL that is not allowed at its own", async ({ api, show, user }) => {
  show(<ConnectModelForm setup={setup} onDone={() => undefined} />);
  api.answer("models.test", { ok: false, message: "OpenAI rejected the key.", models: [] });
  await user.type(await screen.findByLabelText("API key"), "sk-1{Enter}");
  await waitFor(() => expect(screen.getByLabelText("API key")).toHaveAccessibleDescription("OpenAI rejected the key."));
  api.answer("models.test", refuse("outbound_refused", { detail: "This address is not allowed." }));
  await user.type(screen.getByLabelText("Base URL"), "http://10.0.0.1{Enter}");
  await waitFor(() => expect(screen.getByLabelText("Base URL")).toHaveAccessibleDescription(/This address is not allowed\./));
});

test("a passed test counts for what was tested, and can be repeated", async ({ api, show, user }) => {
  show(<ConnectModelForm setup={setup} onDone={() => undefined} />);
  api.answer("models.test", { ok: true, message: "Works.", models: ["openai/gpt-5.1"] });
  await user.type(await screen.findByLabelText("API key"), "sk-1{Enter}");
  await user.click(await screen.findByRole("button", { name: "Test again" }));
  await waitFor(() => expect(api.asked("models.test")).toHaveLength(2));
  await screen.findByText("Works.");
  await user.type(screen.getByLabelText("API key"), "2");
  expect(screen.queryByText("Works.")).not.toBeInTheDocument();
  expect(screen.getByRole("button", { name: "Test key" })).toBeVisible();
});

test("a key is said to be kept only if there can be one", async ({ show, user }) => {
  const states = setup.providers.flatMap((entry) => [
    { ...entry, provider: `${entry.provider}-new`, name: `${entry.name} new`, has_key: false },
    { ...entry, provider: `${entry.provider}-connected`, name: `${entry.name} connected`, has_key: true },
  ]);
  show(<ConnectModelForm setup={{ ...setup, providers: states }} provider={states[0]?.provider ?? ""} onDone={() => undefined} />);
  const hintFor = async (name: string) => {
    await user.click(await screen.findByRole("combobox", { name: "Provider" }));
    await user.click(await screen.findByRole("option", { name: new RegExp(`^${name}`) }));
    return screen.getByLabelText("API key").getAttribute("aria-describedby") === null
      ? ""
      : (document.getElementById(screen.getByLabelText("API key").getAttribute("aria-describedby") ?? "")?.textContent ?? "");
  };
  expect(await hintFor("OpenAI connected")).toBe("Leave empty to keep the current key.");
  expect(await hintFor("OpenAI new")).toBe("");
  expect(await hintFor("OpenAI-compatible new")).toBe("Leave empty if the server needs no key.");
  expect(await hintFor("OpenAI-compatible connected")).toBe("Leave empty if the server needs no key, or to keep the current one.");
});

test("a provider leads to the page of its keys", async ({ show }) => {
  show(<ConnectModelForm setup={setup} onDone={() => undefined} />);
  const link = await screen.findByRole("link", { name: "Get an API key" });
  expect(link).toHaveAttribute("href", "https://platform.openai.com/api-keys");
  expect(link).toHaveAttribute("rel", "noreferrer");
});

test("an OpenAI-compatible server needs an address, no key, and the name of a model if it lists none", async ({ api, show, user }) => {
  show(<ConnectModelForm setup={setup} onDone={() => undefined} />);
  await user.click(await screen.findByRole("combobox", { name: "Provider" }));
  await user.click(await screen.findByRole("option", { name: /OpenAI-compatible/ }));
  await user.click(screen.getByRole("button", { name: "Test connection" }));
  expect(screen.getByLabelText("Address")).toHaveAccessibleDescription(/Enter the address of the server\./);
  api.answer("models.test", { ok: false, message: "It lists no models.", models: [], needs_model: true });
  await user.type(screen.getByLabelText("Address"), "http://llm.lan:8080{Enter}");
  await waitFor(() => expect(screen.getByLabelText("Address")).toHaveAccessibleDescription(/It lists no models\./));
  api.answer("models.test", { ok: true, message: "Works.", models: [] });
  await user.type(screen.getByLabelText("Model"), "qwen3{Enter}");
  await screen.findByText("Works.");
  api.answer("models.configure", setup);
  await user.click(screen.getByRole("button", { name: "Connect model" }));
  await waitFor(() => expect(api.asked("models.configure")).toHaveLength(1));
  expect(api.asked("models.test").at(-1)?.body).toEqual({ provider: "openai-compatible", base_url: "http://llm.lan:8080", model: "qwen3" });
  expect(api.asked("models.configure")[0]?.body).toMatchObject({
    base_url: "http://llm.lan:8080",
    default_model: "openai-compatible/qwen3",
  });
});

test("a found Ollama connects with one click on a model, and says why if it does not", async ({ api, show, user }) => {
  let done = 0;
  const ollama = { base_url: "http://localhost:11434/v1", models: ["qwen3:8b", "gemma3"] };
  show(<ConnectModelForm setup={{ ...setup, ollama }} onDone={() => (done += 1)} />);
  api.answer("models.configure", refuse("model_error", { detail: "The model needs more memory." }));
  await user.click(await screen.findByRole("button", { name: "Use qwen3:8b" }));
  expect(await screen.findByText("The model needs more memory.")).toBeVisible();
  api.answer("models.configure", setup);
  await user.click(screen.getByRole("button", { name: "Use gemma3" }));
  await waitFor(() => expect(done).toBe(1));
  expect(api.asked("models.configure").at(-1)?.body).toEqual({
    kind: "provider",
    provider: "ollama",
    base_url: ollama.base_url,
    default_model: "ollama/gemma3",
  });
});
