import { agents as agentContents, collections, comments, feedback, reviews, templates as templateContents } from "./content.ts";
import type { Person } from "./people.ts";
import { addRecordedRun } from "./recorded-runs.ts";
import { createRandom, demoId, type Random } from "./random.ts";
import { dayMs, hourMs, iso, type Rows } from "./rows.ts";

const readers = ["read_file", "list_dir", "glob", "grep", "ask_question"];
const writers = [...readers, "write_file", "edit_file", "apply_patch", "todo_write"];
/** What agents of a category work with: some only read, others also change files, run commands or query databases. */
const toolsByCategory: Record<string, string[]> = {
  documentation: writers,
  testing: [...readers, "run_command", "run_checks", "verify"],
  database: [...writers, "run_command", "database_query", "database_schema"],
  backend: [...writers, "run_command", "run_checks", "install_packages", "web_fetch"],
};
const toolsOf = ({ category, name }: { category: string; name: string }): string[] | null =>
  name === "Prompt reviewer" || name === "Log reader" ? readers : (toolsByCategory[category] ?? null);

/** What the bundled templates are built with. */
const stacks: Record<string, string[]> = {
  "full-stack": ["React", "Hono", "PostgreSQL"],
  nextjs: ["Next.js", "React", "Tailwind CSS"],
  "react-vite": ["React", "Vite", "Tailwind CSS"],
  astro: ["Astro", "MDX"],
  fastapi: ["Python", "FastAPI"],
  static: ["HTML", "CSS"],
  "fastapi-react": ["Python", "FastAPI", "React"],
};

/** What people can buy, and for how much. */
export interface SoldItem {
  kind: "agent" | "base";
  id: string;
  name: string;
  creator: Person;
  price_cents: number;
  isMonthly: boolean;
  published: number;
}
export interface ListedItem {
  kind: "agent" | "base";
  id: string;
}

const slugOf = (name: string) => `${name.toLowerCase().replace(/[^a-z0-9]+/g, "-")}-demo`;
const ratingOf = (ratings: readonly number[]) =>
  ratings.length === 0 ? null : ratings.reduce((sum, one) => sum + one, 0) / ratings.length;

/**
 * Agents and templates that people published, with reviews and library entries, also of the items that come with the server. `missing`: how many of
 * each the store lacks.
 */
export function addStore(
  rows: Rows,
  {
    people,
    now,
    missing,
    defaultAgentId,
  }: { people: readonly Person[]; now: number; missing: { agents: number; bases: number }; defaultAgentId: string },
): SoldItem[] {
  const creators = people.filter(({ activity, state }) => activity >= 4 && state !== "suspended");
  const buyers = people.filter(({ state }) => state === undefined || state === "admin");
  const sold: SoldItem[] = [];
  for (const person of people)
    rows.userPurchasedAgents.push({ user_id: person.id, agent_id: defaultAgentId, created_at: iso(person.joined) });

  agentContents.slice(0, Math.max(0, missing.agents)).forEach((content, index) => {
    const random = createRandom(`agent ${content.name}`);
    const creator = random.pick(creators);
    const id = demoId("agent", content.name);
    const published = creator.joined + (now - creator.joined) * (0.1 + 0.7 * random.next());
    const { taken, ratings } = addAudience(rows, { kind: "agent", id, published, random, now, buyers, creator });
    rows.agents.push({
      id,
      slug: slugOf(content.name),
      name: content.name,
      description: content.description,
      long_description: `${content.description}\n\nIt works in small steps and says what it did not do. It runs the tests before it ends.`,
      category: content.category,
      system_prompt: `You are “${content.name}”. ${content.description} Work in small steps, and run the tests before you end.`,
      mode: "agent",
      tools: toolsOf(content),
      icon: "🤖",
      pricing_type: content.pricing,
      price_cents: content.price_cents,
      source_type: content.price_cents > 0 ? "closed" : "open",
      is_forkable: content.price_cents === 0,
      features: ["Small steps", "Runs the tests", "Explains its changes"],
      tags: [content.category, "community"],
      created_by_user_id: creator.id,
      forked_by_user_id: creator.id,
      downloads: taken,
      rating: ratingOf(ratings),
      reviews_count: ratings.length,
      usage_count: taken * random.between(2, 14),
      is_featured: index < 4,
      created_at: iso(published),
      updated_at: iso(published),
    });
    addRecordedRun(rows, { agentId: id, name: content.name, published });
    if (content.price_cents > 0)
      sold.push({
        kind: "agent",
        id,
        name: content.name,
        creator,
        price_cents: content.price_cents,
        isMonthly: content.pricing === "monthly",
        published,
      });
  });

  templateContents.forEach((content) => {
    const random = createRandom(`template ${content.name}`);
    const creator = random.pick(creators);
    const id = demoId("base", content.name);
    const published = creator.joined + (now - creator.joined) * (0.1 + 0.7 * random.next());
    const { taken, ratings } = addAudience(rows, { kind: "base", id, published, random, now, buyers, creator });
    rows.bases.push({
      id,
      name: content.name,
      slug: slugOf(content.name),
      description: content.description,
      long_description: `${content.description}\n\nStarts with tests, types and sample data.`,
      template_slug: content.template,
      category: content.category,
      icon: "📦",
      tags: [content.category, "community"],
      features: ["Tests", "Types", "Sample data"],
      tech_stack: stacks[content.template] ?? [],
      pricing_type: content.price_cents > 0 ? "one_time" : "free",
      price_cents: content.price_cents,
      downloads: taken,
      rating: ratingOf(ratings),
      reviews_count: ratings.length,
      created_by_user_id: creator.id,
      visibility: "public",
      created_at: iso(published),
      updated_at: iso(published),
    });
    if (content.price_cents > 0)
      sold.push({ kind: "base", id, name: content.name, creator, price_cents: content.price_cents, isMonthly: false, published });
  });
  // Rows of the front page: some of what people published.
  const published = { agent: rows.agents.map(({ id }) => id), base: rows.bases.map(({ id }) => id) };
  collections.forEach(({ title, description, agents, bases }, position) => {
    const id = demoId("collection", title);
    const chosen = [...published.base.slice(...bases), ...published.agent.slice(...agents)].filter((item) => item !== undefined);
    rows.marketplaceCollections.push({ id, title, description, position, created_at: iso(now), updated_at: iso(now) });
    chosen.forEach((item_id, at) => rows.marketplaceCollectionItems.push({ collection_id: id, item_id, position: at }));
  });
  return sold;
}

/** Library entries and reviews of an item. Who pays is in `addMoney`. */
function addAudience(
  rows: Rows,
  {
    kind,
    id,
    published,
    random,
    now,
    buyers,
    creator,
  }: ListedItem & { published: number; random: Random; now: number; buyers: readonly Person[]; creator: Person },
): { taken: number; ratings: number[] } {
  const audience = random.some(
    buyers.filter((buyer) => buyer !== creator),
    random.between(2, 14),
  );
  const ratings: number[] = [];
  audience.forEach((buyer, n) => {
    const since = Math.max(published, buyer.joined);
    const moment = iso(since + (now - since) * random.next());
    if (kind === "agent") rows.userPurchasedAgents.push({ user_id: buyer.id, agent_id: id, created_at: moment });
    else rows.userPurchasedBases.push({ user_id: buyer.id, base_id: id, created_at: moment });
    if (!random.chance(0.45)) return;
    const [rating, comment] = random.pick(reviews);
    ratings.push(rating);
    rows.marketplaceReviews.push({
      id: demoId("review", kind, id, n),
      user_id: buyer.id,
      ...(kind === "agent" ? { agent_id: id } : { base_id: id }),
      rating,
      comment,
      created_at: moment,
    });
  });
  return { taken: audience.length, ratings };
}

export function addFeedback(rows: Rows, people: readonly Person[], now: number): void {
  const authors = people.filter(({ activity }) => activity > 0);
  feedback.forEach((post, index) => {
    const random = createRandom(`feedback ${index}`);
    const author = random.pick(authors);
    const created = now - random.between(1, 60) * dayMs;
    const id = demoId("feedback", index);
    const voters = random.some(authors, random.between(0, 15));
    const written = random.between(0, 4);
    rows.feedbackPosts.push({
      id,
      user_id: author.id,
      ...post,
      upvote_count: voters.length,
      comment_count: written,
      created_at: iso(created),
      updated_at: iso(created),
    });
    for (const voter of voters) rows.feedbackUpvotes.push({ feedback_id: id, user_id: voter.id, created_at: iso(created + hourMs) });
    for (let n = 0; n < written; n++) {
      const moment = iso(created + (n + 1) * 5 * hourMs);
      rows.feedbackComments.push({
        id: demoId("feedback comment", index, n),
        feedback_id: id,
        user_id: random.pick(authors).id,
        content: random.pick(comments),
        created_at: moment,
        updated_at: moment,
      });
    }
  });
}
