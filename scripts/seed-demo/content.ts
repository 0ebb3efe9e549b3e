/** The texts of the demo data. */

export type Tier = "free" | "basic" | "pro" | "ultra";
export interface PersonContent {
  name: string;
  username: string;
  tier: Tier;
  /** How much they use the product: projects and runs follow from it. */
  activity: number;
  state?: "admin" | "suspended" | "deleted" | "unverified";
  bio?: string;
}
const person = (
  name: string,
  username: string,
  tier: Tier,
  activity: number,
  more: Omit<PersonContent, "name" | "username" | "tier" | "activity"> = {},
): PersonContent => ({
  name,
  username,
  tier,
  activity,
  ...more,
});

export const people: readonly PersonContent[] = [
  person("Nadia Brandt", "nadia", "ultra", 9, { state: "admin", bio: "Runs this server. Builds internal tools for a bakery chain." }),
  person("Ada Okoye", "ada", "pro", 7, { state: "admin", bio: "Product engineer, mostly React and PostgreSQL." }),
  person("Irena Volk", "irena", "ultra", 8, { bio: "Publishes agents for data teams." }),
  person("Jonas Lind", "jonas", "free", 2),
  person("Tomasz Rudnik", "tomasz", "free", 5, { state: "suspended" }),
  person("Samir Mansour", "samir", "basic", 2),
  person("Lucía Ferrer", "lucia", "pro", 5, { bio: "Designs and ships landing pages." }),
  person("Hanno Peters", "hanno", "basic", 0, { state: "unverified" }),
  person("Mei Kwan", "mei", "basic", 3, { bio: "Teaches programming with small games." }),
  person("Ola Bergström", "ola", "free", 2),
  person("Giulia Conti", "giulia", "pro", 6, { bio: "Studio for museums and archives." }),
  person("Petr Dvořák", "petr", "basic", 3),
  person("Ritu Sharma", "ritu", "free", 1),
  person("Elif Weber", "elif", "basic", 2),
  person("David Nkemelu", "david", "free", 2),
  person("Kaja Jansson", "kaja", "pro", 5, { bio: "Backend developer. Python and queues." }),
  person("Bilal Aydin", "bilal", "basic", 2),
  person("Clara Vidal", "clara", "free", 1),
  person("Noor Tahir", "noor", "basic", 3),
  person("Wiktor Halas", "wiktor", "ultra", 8, { bio: "Publishes templates. Ten years of Next.js." }),
  person("Zoe Marchetti", "zoe", "free", 0, { state: "unverified" }),
  person("Sven Aalto", "sven", "basic", 2),
  person("Priya Raman", "priya", "pro", 4, { bio: "Builds dashboards for clinics." }),
  person("Marek Novotny", "marek", "free", 1, { state: "deleted" }),
  person("Hana Sato", "hana", "basic", 3),
  person("Leo Fontaine", "leo", "free", 2),
  person("Amara Diallo", "amara", "pro", 4),
  person("Finn O’Connor", "finn", "basic", 2),
  person("Yara Haddad", "yara", "free", 1),
  person("Oskar Lindqvist", "oskar", "free", 2),
];

export interface ProjectContent {
  name: string;
  description: string;
  template: string;
}
const project = (name: string, template: string, description: string): ProjectContent => ({ name, template, description });
export const projects: readonly ProjectContent[] = [
  project("Bakery orders", "react-vite", "Daily orders of twelve shops, with the baking list for the night shift."),
  project("Loan calculator", "react-vite", "Compare offers by monthly rate, term and total cost."),
  project("Trail finder", "nextjs", "Hiking trails with maps, heights and photos."),
  project("Clinic calendar", "full-stack", "Appointments, reminders and a waiting list."),
  project("Book club", "nextjs", "Reading list, votes and notes of each meeting."),
  project("Invoice desk", "full-stack", "Invoices with PDF export and reminders."),
  project("Recipe box", "react-vite", "Recipes with shopping lists for the week."),
  project("Museum guide", "astro", "Audio guide in four languages for visitors' phones."),
  project("Status page", "node-api", "Incidents and uptime of our services."),
  project("Expense tracker", "fastapi-react", "Upload a statement, get categories and monthly charts."),
  project("Plant care", "react-vite", "When to water which plant, with photos."),
  project("Course catalog", "nextjs", "Courses with search, filters and sign-up."),
  project("Portfolio", "static", "Photographs of the last ten years."),
  project("Ticket shop", "full-stack", "Seats, payment and tickets with codes."),
  project("Weather wall", "react-vite", "Forecast of five cities for a screen in the lobby."),
  project("Habit tracker", "fastapi-react", "Streaks, a calendar and gentle reminders."),
  project("Inventory API", "fastapi", "Stock of three warehouses, with a typed API."),
  project("Podcast site", "astro", "Episodes with transcripts and a feed."),
  project("Job board", "nextjs", "Open positions with alerts by email."),
  project("Chess club", "react-vite", "Ratings, pairings and results."),
  project("Feedback form", "static", "A short form with a thank-you page."),
  project("Energy dashboard", "fastapi-react", "Consumption per hour, with last year beside it."),
  project("Language cards", "react-vite", "Vocabulary with spaced repetition."),
  project("Field reports", "full-stack", "Reports with photos that work without a network."),
  project("Wedding site", "astro", "Schedule, directions and replies of guests."),
  project("Link shortener", "node-api", "Short links with counts per day."),
  project("Team directory", "nextjs", "Who does what, and who is away."),
  project("Parking map", "react-vite", "Free spaces, updated every minute."),
  project("Survey builder", "full-stack", "Questions, branches and results as charts."),
];
/** What a second and a third project of the same kind is called. */
export const variants = ["2026", "for the team", "prototype", "redesign", "v2"] as const;

export const requests: readonly { ask: string; answer: string; title: string; path: string }[] = [
  {
    title: "First version",
    ask: "Build the first version: a start page with a list, a form to add entries, and a detail page.",
    answer: "The start page lists all entries, newest first. The form checks its fields before it saves, and each entry has its own page.",
    path: "src/App.tsx",
  },
  {
    title: "Filter and search",
    ask: "Add a search field and filters by category. Keep them in the URL.",
    answer: "Search and category filters are in the URL now, so a filtered list can be shared and survives a reload.",
    path: "src/components/Filters.tsx",
  },
  {
    title: "Dark mode",
    ask: "Add dark mode that follows the system, with a switch in the header.",
    answer: "The app follows the system's setting, and the switch in the header overrides it. The choice is stored in the browser.",
    path: "src/theme.ts",
  },
  {
    title: "Fix the mobile layout",
    ask: "On a phone the table is cut off at the right. Fix it.",
    answer: "Below 640 px the table is a list of cards. I checked it at 390 px and 360 px.",
    path: "src/components/Table.tsx",
  },
  {
    title: "CSV export",
    ask: "People want to download the list as CSV.",
    answer: "“Export CSV” downloads what is currently filtered. Values that begin with =, +, - or @ are escaped.",
    path: "src/lib/csv.ts",
  },
  {
    title: "Tests for the price rules",
    ask: "Write tests for the price rules, including discounts at the boundaries.",
    answer: "14 tests cover the rules. They found one error: a discount of 100% returned a negative price, which is fixed.",
    path: "src/lib/prices.test.ts",
  },
  {
    title: "Slow first load",
    ask: "The first page takes four seconds. Find out why and make it faster.",
    answer: "The chart library was in the first bundle. It loads on demand now: 412 kB became 138 kB, and the page is usable after 0.9 s.",
    path: "vite.config.ts",
  },
  {
    title: "Email reminders",
    ask: "Send a reminder by email one day before an appointment.",
    answer: "A job sends reminders every morning at 8:00. An appointment gets one reminder, also after a restart.",
    path: "server/reminders.ts",
  },
  {
    title: "Sign-in",
    ask: "Add accounts: sign up, sign in, and only your own entries.",
    answer: "People sign in with email and password. Entries belong to their owner, and others get a 404.",
    path: "server/auth.ts",
  },
  {
    title: "Charts",
    ask: "Show the totals of the last 12 months as a bar chart with last year beside it.",
    answer: "The chart shows 12 months with last year's values beside them. A table below has the same numbers.",
    path: "src/components/Chart.tsx",
  },
];
export const failures: readonly { code: string; message: string }[] = [
  { code: "model_error", message: "The provider failed (529): the model is overloaded. Try again later." },
  { code: "rate_limited", message: "The provider had too many requests. Try again in a minute." },
  { code: "insufficient_credits", message: "You have no credits left. Buy credits, or use a model with your own API key." },
  { code: "interrupted", message: "The server stopped during the run." },
];

export const cards: readonly [
  title: string,
  type: "feature" | "bug" | "task" | "epic",
  priority: "low" | "medium" | "high" | "critical",
][] = [
  ["Empty state for the first visit", "feature", "medium"],
  ["Totals are off by one day in winter", "bug", "critical"],
  ["Import from a spreadsheet", "feature", "high"],
  ["Ask before entries are deleted", "task", "medium"],
  ["Faster search with many entries", "task", "low"],
  ["Focus is lost after closing a dialog", "bug", "high"],
  ["Printable summary per month", "feature", "low"],
  ["Notify owners when an import fails", "feature", "medium"],
  ["Remove the old form", "task", "low"],
  ["Second language: Spanish", "epic", "medium"],
  ["Check contrast in dark mode", "task", "medium"],
  ["Photos are rotated on older phones", "bug", "medium"],
];

export interface AgentContent {
  name: string;
  category: string;
  description: string;
  /** 0: free. */
  price_cents: number;
  pricing: "free" | "monthly" | "one_time";
}
const agent = (
  name: string,
  category: string,
  description: string,
  price_cents = 0,
  pricing: AgentContent["pricing"] = price_cents > 0 ? "one_time" : "free",
): AgentContent => ({
  name,
  category,
  description,
  price_cents,
  pricing,
});
export const agents: readonly AgentContent[] = [
  agent("Landing page writer", "frontend", "Writes and builds landing pages from a short description of the product.", 900),
  agent("SQL tuner", "database", "Reads slow queries and their plans, and proposes indexes with measurements.", 1900, "monthly"),
  agent("Accessibility reviewer", "testing", "Checks pages against WCAG 2.2 AA and fixes what it finds."),
  agent("Next.js upgrader", "frontend", "Moves an app to the current Next.js, one commit per step.", 1500),
  agent("API documenter", "documentation", "Writes an OpenAPI document from the handlers, with examples."),
  agent("Form builder", "frontend", "Builds forms with validation, errors and keyboard support.", 500),
  agent("Test writer", "testing", "Writes tests through the public interface, and removes those that cannot fail.", 1200),
  agent("Data importer", "database", "Imports CSV and Excel files into PostgreSQL, with a report of rejected rows.", 800),
  agent("Chart designer", "database", "Builds charts that people can read, with a table beside each."),
  agent("Python packager", "backend", "Turns scripts into a package with types, tests and a command.", 700),
  agent("Bug hunter", "testing", "Reproduces a reported error with a failing test before it fixes it.", 1900, "monthly"),
  agent("Email templates", "frontend", "Builds emails that look right in every client, with plain text."),
  agent("Translation helper", "documentation", "Extracts texts of an app and translates them, with plurals.", 900),
  agent("Game prototyper", "frontend", "Builds small games with sound, score and touch control."),
  agent("Queue engineer", "backend", "Adds background jobs with retries that run exactly once.", 2400),
  agent("Security checker", "testing", "Looks for injections, open redirects and leaked secrets.", 2900, "monthly"),
  agent("Design tokens", "frontend", "Extracts colors, spacing and type into tokens and applies them."),
  agent("Static site mover", "frontend", "Moves a WordPress site to Astro with its texts and images.", 1900),
  agent("Schema designer", "database", "Designs tables with keys, constraints and migrations.", 600),
  agent("Release notes", "documentation", "Writes release notes from commits, for people who use the app."),
  agent("Mobile layout fixer", "frontend", "Makes pages work at 360 px without hiding content.", 400),
  agent("FastAPI builder", "backend", "Builds typed Python APIs with tests and a client.", 900),
  agent("Search builder", "backend", "Adds full-text search with highlights and typo tolerance.", 1200),
  agent("Onboarding designer", "frontend", "Designs the first five minutes of an app."),
  agent("Refactoring partner", "testing", "Splits large files without changing behavior.", 700),
  agent("Prompt reviewer", "documentation", "Reviews prompts and agents for clarity and cost."),
  agent("Payments builder", "backend", "Adds Stripe checkout, webhooks and refunds.", 3900),
  agent("Map builder", "frontend", "Builds maps with clusters, routes and offline tiles.", 1100),
  agent("Log reader", "testing", "Finds the cause of an outage in logs."),
  agent("Spreadsheet replacer", "database", "Turns a spreadsheet into an app with roles and history.", 2400),
];

export interface TemplateContent {
  name: string;
  category: string;
  template: string;
  price_cents: number;
  description: string;
}
const template = (name: string, category: string, base: string, price_cents: number, description: string): TemplateContent => ({
  name,
  category,
  template: base,
  price_cents,
  description,
});
export const templates: readonly TemplateContent[] = [
  template("Booking starter", "saas", "full-stack", 2900, "Services, free time slots, a calendar for staff, and reminders by email."),
  template("Shop with Stripe", "saas", "nextjs", 3900, "Products, cart, checkout and orders."),
  template("Admin dashboard", "admin", "react-vite", 1900, "Tables with filters, charts and roles."),
  template("Docs site", "landing", "astro", 0, "Documentation with search, versions and code examples."),
  template("Members' area", "saas", "full-stack", 2400, "Sign-up, events and downloads for a club."),
  template("API with keys", "backend", "fastapi", 900, "A typed API with keys, limits and a usage page."),
  template("Launch page", "landing", "static", 0, "One page with a waiting list."),
  template("CRM starter", "saas", "full-stack", 3400, "Contacts, companies and a timeline of calls and emails."),
  template("Event site", "landing", "astro", 500, "Schedule, speakers, map and tickets."),
  template("Data explorer", "admin", "fastapi-react", 1500, "Upload a CSV and explore it with charts."),
  template("Chat app", "fullstack", "nextjs", 1900, "Rooms, presence and history."),
  template("Kanban board", "fullstack", "react-vite", 0, "Columns, cards and drag and drop with a keyboard alternative."),
];

export const reviews: readonly [rating: number, comment: string | null][] = [
  [5, "Did in ten minutes what took me a day before."],
  [5, "Clear steps, small commits, and it says what it did not do."],
  [4, "Very good. The first version needed one correction."],
  [4, "Works well. I would like more examples."],
  [5, null],
  [3, "Fine for small projects, slow on larger ones."],
  [4, null],
  [2, "It did not find the cause. Support answered quickly, though."],
  [5, "The tests it wrote found two real errors."],
  [1, "It stopped halfway with an error."],
];

export const feedback: readonly {
  type: "bug" | "suggestion";
  status: "open" | "in_progress" | "resolved" | "closed";
  title: string;
  description: string;
}[] = [
  {
    type: "suggestion",
    status: "open",
    title: "Duplicate a project from its card",
    description: "I often start from an older project. A “Duplicate” entry in the card's menu would save the way through settings.",
  },
  {
    type: "bug",
    status: "in_progress",
    title: "Preview stays blank after a rename",
    description: "After I renamed the container, the preview was blank until I reloaded the page.",
  },
  {
    type: "suggestion",
    status: "open",
    title: "Keyboard shortcut for the board",
    description: "There is one for the canvas, but none for the board.",
  },
  {
    type: "suggestion",
    status: "resolved",
    title: "Show the cost of a run before it starts",
    description: "An estimate would help to choose the model.",
  },
  {
    type: "bug",
    status: "open",
    title: "Terminal loses its scroll position",
    description: "When I switch tabs and come back, the terminal is at the top.",
  },
  { type: "suggestion", status: "closed", title: "Dark mode for emails", description: "The emails are bright in a dark mail client." },
  { type: "suggestion", status: "open", title: "Weekly summary by email", description: "Runs, cost and deployments of the week." },
  { type: "bug", status: "resolved", title: "Upload of HEIC images fails", description: "Images of my phone were refused with “damaged”." },
  {
    type: "suggestion",
    status: "in_progress",
    title: "Filter the timeline by chat",
    description: "With several chats it is hard to find the right checkpoint.",
  },
  {
    type: "bug",
    status: "open",
    title: "Custom domain says “not verified” for an hour",
    description: "The TXT record was there, but the check took long.",
  },
  { type: "suggestion", status: "open", title: "Private notes on cards", description: "Notes that only I can see." },
  {
    type: "suggestion",
    status: "open",
    title: "Pin a model per project",
    description: "Some projects need the larger model, others do not.",
  },
];
export const comments: readonly string[] = [
  "I need this too.",
  "A workaround: reload the tab after the rename.",
  "We are working on it.",
  "For me it happens in Firefox only.",
  "This would be very useful for our team.",
];

/** Rows of the store's front page: ranges of the agents and templates above. */
export const collections: readonly { title: string; description: string; agents: [number, number]; bases: [number, number] }[] = [
  {
    title: "For your first app",
    description: "Templates that run at once, and agents that explain each step.",
    agents: [0, 3],
    bases: [0, 3],
  },
  { title: "Before you ship", description: "Reviews, tests and checks for the last mile.", agents: [3, 9], bases: [3, 4] },
];
