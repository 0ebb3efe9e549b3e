/** Node has the language of the machine. Tests run in en-US, as jsdom and the browser of the journeys do. */
Object.defineProperty(navigator, "language", { value: "en-US", configurable: true });
