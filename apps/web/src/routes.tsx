import { useQuery, type QueryClient } from "@tanstack/react-query";
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  notFound,
  Outlet,
  redirect,
  type RouterHistory,
} from "@tanstack/react-router";
import { object } from "valibot";
import { api } from "./api.ts";
import { tableSearch } from "./features/admin/index.ts";
import { libraryQuery } from "./features/agents/index.ts";
import { configQuery, isVisitor, noteVisitor, safeNext } from "./features/auth/index.ts";
import { billingSearch, revenueSearch } from "./features/billing/index.ts";
import { dataSearch } from "./features/data/index.ts";
import { cardSearch } from "./features/kanban/index.ts";
import { boardSearch } from "./features/feedback/index.ts";
import { helpSearch } from "./features/help/index.ts";
import { creatorSearch } from "./features/creators/index.ts";
import { marketplaceSearch, picksQuery, storeTypes } from "./features/marketplace/index.ts";
import { modelSetupQuery, modelsQuery } from "./features/models/index.ts";
import { newProjectSearch } from "./features/new-project/index.ts";
import { projectsSearch } from "./features/projects/index.ts";
import { readReferralCode } from "./features/referrals/index.ts";
import { applySavedPreferences, meQuery, useIsSignedIn } from "./features/users/index.ts";
import { RouteError } from "./frame/RouteError.tsx";
import { lazyPage, preload } from "./lib/chunks.ts";
import { hasCode } from "./lib/errors.ts";
import { hadSession, noteSession } from "./lib/session-hint.ts";
import { oneOfParam, requiredText, textParam, wordsParam } from "./lib/search-params.ts";
import { draftQuery } from "./project/draft.queries.ts";
import { projectQuery, recentProjectsQuery, templatesQuery } from "./project/projects.queries.ts";
import { HelpAccess } from "./ui/HelpLink.tsx";
import { NotFoundPage } from "./ui/page/NotFoundPage.tsx";
import { Spinner } from "./ui/Spinner.tsx";
import { Toaster } from "./ui/toast.tsx";

interface RouterContext {
  queryClient: QueryClient;
}

/** Around every page. */
function Root() {
  // What the pages have loaded; this loads nothing.
  const isSignedIn = useIsSignedIn();
  const config = useQuery({ ...configQuery, enabled: false }).data;
  return (
    <HelpAccess value={isSignedIn || (config?.landing_page === true && !config.no_accounts)}>
      <Outlet />
      <Toaster />
    </HelpAccess>
  );
}
const root = createRootRouteWithContext<RouterContext>()({ component: Root });

const VisitorFrame = lazyPage(() => import("./frame/VisitorFrame.tsx"), "VisitorFrame");
const LandingPage = lazyPage(() => import("./features/landing/LandingPage.tsx"), "LandingPage");
const AppFrame = lazyPage(() => import("./frame/AppFrame.tsx"), "AppFrame");
const HomePage = lazyPage(() => import("./features/home/HomePage.tsx"), "HomePage");
const HelpPage = lazyPage(() => import("./features/help/HelpPage.tsx"), "HelpPage");
const WorkbenchPage = lazyPage(() => import("./features/workbench/WorkbenchPage.tsx"), "WorkbenchPage");

/** On a server without accounts to registration, else to sign-in; from both back to `href`. */
async function signInRedirect(queryClient: QueryClient, href: string) {
  const config = await queryClient.ensureQueryData(configQuery).catch(() => undefined);
  return redirect({ to: config?.no_accounts ? "/register" : "/login", search: href === "/" ? {} : { next: href } });
}

/** Pages for people without a session; someone signed in is sent to where they wanted. */
const guest = createRoute({
  getParentRoute: () => root,
  id: "guest",
  validateSearch: object({ next: textParam, error: textParam }),
  beforeLoad: ({ context, search }) => {
    if (context.queryClient.getQueryData(meQuery.queryKey)) throw redirect({ href: safeNext(search.next) });
  },
});
const login = createRoute({
  getParentRoute: () => guest,
  path: "/login",
  beforeLoad: async ({ context, search }) => {
    const config = await context.queryClient.ensureQueryData(configQuery).catch(() => undefined);
    if (config?.no_accounts) throw redirect({ to: "/register", search, replace: true });
  },
  component: lazyPage(() => import("./features/auth/LoginPage.tsx"), "LoginPage"),
});
const register = createRoute({
  getParentRoute: () => guest,
  path: "/register",
  // A referral link also reaches people who have an account.
  beforeLoad: async ({ context: { queryClient } }) => {
    if (readReferralCode() === undefined || isVisitor(queryClient)) return;
    const user = await queryClient.ensureQueryData(meQuery).catch((error: unknown) => {
      if (hasCode(error, "unauthorized")) noteVisitor(queryClient);
    });
    if (user) throw redirect({ to: "/", replace: true });
  },
  component: lazyPage(() => import("./features/auth/RegisterPage.tsx"), "RegisterPage"),
});

const forgotPassword = createRoute({
  getParentRoute: () => guest,
  path: "/forgot-password",
  component: lazyPage(() => import("./features/auth/ForgotPasswordPage.tsx"), "ForgotPasswordPage"),
});

/** After the registration of the first administrator. Continues where a model is connected or another administrator must connect one. */
const connectModel = createRoute({
  getParentRoute: () => root,
  path: "/connect-model",
  validateSearch: object({ next: textParam }),
  beforeLoad: async ({ context: { queryClient }, search, location }) => {
    try {
      await queryClient.ensureQueryData(meQuery);
    } catch (error) {
      if (hasCode(error, "unauthorized")) throw await signInRedirect(queryClient, location.href);
      throw error;
    }
    const setup = await queryClient.fetchQuery(modelSetupQuery);
    if (setup.configured || !setup.can_configure) throw redirect({ href: safeNext(search.next), replace: true });
  },
  component: lazyPage(() => import("./features/models/ConnectModelPage.tsx"), "ConnectModelPage"),
});

/** Where mails and providers lead, whoever is signed in. */
const withToken = object({ token: requiredText });
const resetPassword = createRoute({
  getParentRoute: () => root,
  path: "/reset-password",
  validateSearch: withToken,
  component: lazyPage(() => import("./features/auth/ResetPasswordPage.tsx"), "ResetPasswordPage"),
});
const verify = createRoute({
  getParentRoute: () => root,
  path: "/verify",
  validateSearch: withToken,
  component: lazyPage(() => import("./features/auth/VerifyPage.tsx"), "VerifyPage"),
});
/** Where a provider of repositories sends the browser back to. */
const oauthConnected = createRoute({
  getParentRoute: () => root,
  path: "/oauth/connected",
  validateSearch: object({ provider: requiredText, error: textParam }),
  component: lazyPage(() => import("./features/git-accounts/OauthConnectedPage.tsx"), "OauthConnectedPage"),
});
const oauthCallback = createRoute({
  getParentRoute: () => root,
  path: "/oauth/callback",
  validateSearch: object({ next: textParam }),
  component: lazyPage(() => import("./features/auth/OauthCallbackPage.tsx"), "OauthCallbackPage"),
});

/** Where the mail about a deleted account leads; the token is in the fragment. */
const restore = createRoute({
  getParentRoute: () => root,
  path: "/restore",
  component: lazyPage(() => import("./features/account/RestorePage.tsx"), "RestorePage"),
});

/** Pages that people without a session may open, too: the store, its items and the pages of creators; the landing page and the help where the server shows them. */
const isPublicPage = (pathname: string, hasLandingPage: boolean): boolean =>
  /^\/(?:marketplace(?:\/(?:agent|base|theme)\/[^/]+)?|@[^/]+)\/?$/.test(pathname) ||
  (hasLandingPage && /^\/(?:help(?:\/.*)?)?$/.test(pathname));

/** Loads the code of a page. If that fails, the page shows it. */
const codeOf = async (page: typeof AppFrame): Promise<void> => {
  await page.preload?.()?.catch(() => undefined);
};

/** Loads the text of a page of the help, whose errors the page shows; false if there is no such page. */
async function loadHelpText(queryClient: QueryClient, slug: string): Promise<boolean> {
  const { helpContentQuery, helpPageOf } = await import("./features/help/help-pages.ts");
  if (!helpPageOf(slug)) return false;
  await queryClient.prefetchQuery(helpContentQuery(slug));
  return true;
}

/** Pages inside a frame, most of which need a session. Loaders only start requests early; pages show their own states. */
const app = createRoute({
  getParentRoute: () => root,
  id: "app",
  beforeLoad: async ({ context: { queryClient }, location }) => {
    const asVisitor = async () => {
      const config = await queryClient.ensureQueryData(configQuery).catch(() => undefined);
      const isOpen = config?.no_accounts === false && isPublicPage(location.pathname, config.landing_page);
      if (!isOpen) throw await signInRedirect(queryClient, location.href);
      await codeOf(VisitorFrame);
      return { isVisitor: true };
    };
    if (isVisitor(queryClient)) return asVisitor();
    const asked = queryClient.ensureQueryData(meQuery);
    void queryClient.prefetchQuery(configQuery);
    // The code comes while the session is asked for, not after.
    const isExpected = hadSession();
    void codeOf(isExpected ? AppFrame : VisitorFrame);
    if (location.pathname === "/") void codeOf(isExpected ? HomePage : LandingPage);
    else if (location.pathname.startsWith("/p/")) void codeOf(WorkbenchPage);
    else if (location.pathname.startsWith("/help/")) {
      void codeOf(HelpPage);
      void loadHelpText(queryClient, location.pathname.slice("/help/".length)).catch(() => undefined);
    }
    try {
      applySavedPreferences(await asked);
    } catch (error) {
      if (!hasCode(error, "unauthorized")) throw error;
      noteVisitor(queryClient);
      noteSession(false);
      return asVisitor();
    }
    noteSession(true);
    await codeOf(AppFrame);
    return { isVisitor: false };
  },
  component: () => (app.useRouteContext().isVisitor ? <VisitorFrame /> : <AppFrame />),
});
const home = createRoute({
  getParentRoute: () => app,
  path: "/",
  loader: async ({ context: { queryClient, isVisitor } }) => {
    if (isVisitor) {
      void queryClient.prefetchQuery(templatesQuery);
      for (const type of storeTypes) void queryClient.prefetchQuery(picksQuery(type));
      return codeOf(LandingPage);
    }
    const user = queryClient.getQueryData(meQuery.queryKey);
    if (user) void queryClient.prefetchQuery(draftQuery(user.id));
    void queryClient.prefetchQuery(recentProjectsQuery);
    void queryClient.prefetchQuery(templatesQuery);
    void queryClient.prefetchQuery(modelSetupQuery);
    void queryClient.prefetchQuery(modelsQuery);
    return codeOf(HomePage);
  },
  component: () => (app.useRouteContext().isVisitor ? <LandingPage /> : <HomePage />),
});
const projects = createRoute({
  getParentRoute: () => app,
  path: "/projects",
  validateSearch: projectsSearch,
  component: lazyPage(() => import("./features/projects/ProjectsPage.tsx"), "ProjectsPage"),
});
const newProject = createRoute({
  getParentRoute: () => app,
  path: "/new",
  validateSearch: newProjectSearch,
  loader: ({ context: { queryClient } }) => void queryClient.prefetchQuery(templatesQuery),
  component: lazyPage(() => import("./features/new-project/NewProjectPage.tsx"), "NewProjectPage"),
});
const settings = createRoute({
  getParentRoute: () => app,
  path: "/settings",
  component: lazyPage(() => import("./features/settings/SettingsPage.tsx"), "SettingsPage"),
});
const settingsIndex = createRoute({
  getParentRoute: () => settings,
  path: "/",
  beforeLoad: () => {
    throw redirect({ to: "/settings/profile", replace: true });
  },
});
const settingsProfile = createRoute({
  getParentRoute: () => settings,
  path: "profile",
  component: lazyPage(() => import("./features/settings/ProfileSettings.tsx"), "ProfileSettings"),
});
const settingsLook = createRoute({
  getParentRoute: () => settings,
  path: "look",
  /** What is looked for in the gallery. */
  validateSearch: object({ q: wordsParam(), mode: oneOfParam(["dark", "light"]) }),
  component: lazyPage(() => import("./features/settings/LookSettings.tsx"), "LookSettings"),
});
const settingsTheme = createRoute({
  getParentRoute: () => settings,
  path: "look/$themeId",
  component: lazyPage(() => import("./features/themes/ThemeEditorPage.tsx"), "ThemeEditorPage"),
});
const settingsPreferences = createRoute({
  getParentRoute: () => settings,
  path: "preferences",
  component: lazyPage(() => import("./features/settings/PreferenceSettings.tsx"), "PreferenceSettings"),
});
const settingsNotifications = createRoute({
  getParentRoute: () => settings,
  path: "notifications",
  component: lazyPage(() => import("./features/settings/NotificationSettings.tsx"), "NotificationSettings"),
});
const settingsData = createRoute({
  getParentRoute: () => settings,
  path: "data",
  component: lazyPage(() => import("./features/account/DataSettings.tsx"), "DataSettings"),
});
const settingsSecurity = createRoute({
  getParentRoute: () => settings,
  path: "security",
  /** How connecting an account elsewhere ended. */
  validateSearch: object({ linked: oneOfParam(["google", "github", "oidc"]), link_error: textParam }),
  component: lazyPage(() => import("./features/settings/SecuritySettings.tsx"), "SecuritySettings"),
});
const settingsModels = createRoute({
  getParentRoute: () => settings,
  path: "models",
  component: lazyPage(() => import("./features/models/ModelSettings.tsx"), "ModelSettings"),
});
const settingsGit = createRoute({
  getParentRoute: () => settings,
  path: "git",
  component: lazyPage(() => import("./features/git-accounts/GitAccountSettings.tsx"), "GitAccountSettings"),
});
const settingsConnectors = createRoute({
  getParentRoute: () => settings,
  path: "connectors",
  validateSearch: object({ sign_in: oneOfParam(["done", "failed", "refused"]) }),
  component: lazyPage(() => import("./features/mcp/ConnectorSettings.tsx"), "ConnectorSettings"),
});
const settingsApiKeys = createRoute({
  getParentRoute: () => settings,
  path: "api-keys",
  component: lazyPage(() => import("./features/settings/ApiKeySettings.tsx"), "ApiKeySettings"),
});
const settingsShortcuts = createRoute({
  getParentRoute: () => settings,
  path: "shortcuts",
  component: lazyPage(() => import("./features/settings/ShortcutSettings.tsx"), "ShortcutSettings"),
});
/** For administrators; to anybody else there is nothing here, and none of the console's code is asked for. */
const admin = createRoute({
  getParentRoute: () => app,
  path: "/admin",
  validateSearch: tableSearch,
  beforeLoad: async ({ context }) => {
    if (!(await context.queryClient.ensureQueryData(meQuery)).is_superuser) throw notFound();
  },
  component: lazyPage(() => import("./features/admin/AdminShell.tsx"), "AdminShell"),
});
const adminIndex = createRoute({
  getParentRoute: () => admin,
  path: "/",
  beforeLoad: () => {
    throw redirect({ to: "/admin/overview", replace: true });
  },
});
const adminOverview = createRoute({
  getParentRoute: () => admin,
  path: "overview",
  component: lazyPage(() => import("./features/admin/OverviewTab.tsx"), "OverviewTab"),
});
const adminProjects = createRoute({
  getParentRoute: () => admin,
  path: "projects",
  component: lazyPage(() => import("./features/admin/ProjectsTab.tsx"), "ProjectsTab"),
});
const adminProject = createRoute({
  getParentRoute: () => adminProjects,
  path: "$projectId",
  component: lazyPage(() => import("./features/admin/ProjectPanel.tsx"), "ProjectPanel"),
});
const adminSetup = createRoute({
  getParentRoute: () => admin,
  path: "setup",
  component: lazyPage(() => import("./features/admin/SetupTab.tsx"), "SetupTab"),
});
const adminRuns = createRoute({
  getParentRoute: () => admin,
  path: "runs",
  component: lazyPage(() => import("./features/admin/RunsTab.tsx"), "RunsTab"),
});
const adminDeployments = createRoute({
  getParentRoute: () => admin,
  path: "deployments",
  component: lazyPage(() => import("./features/admin/DeploymentsTab.tsx"), "DeploymentsTab"),
});
const adminAgents = createRoute({
  getParentRoute: () => admin,
  path: "agents",
  component: lazyPage(() => import("./features/admin/AgentsTab.tsx"), "AgentsTab"),
});
const adminBases = createRoute({
  getParentRoute: () => admin,
  path: "templates",
  component: lazyPage(() => import("./features/admin/BasesTab.tsx"), "BasesTab"),
});
const adminThemes = createRoute({
  getParentRoute: () => admin,
  path: "themes",
  component: lazyPage(() => import("./features/admin/ThemesTab.tsx"), "ThemesTab"),
});
const adminStore = createRoute({
  getParentRoute: () => admin,
  path: "store",
  component: lazyPage(() => import("./features/admin/StoreTab.tsx"), "StoreTab"),
});
const adminReviews = createRoute({
  getParentRoute: () => admin,
  path: "reviews",
  component: lazyPage(() => import("./features/admin/ReviewsTab.tsx"), "ReviewsTab"),
});
const adminSandboxes = createRoute({
  getParentRoute: () => admin,
  path: "sandboxes",
  component: lazyPage(() => import("./features/admin/SandboxesTab.tsx"), "SandboxesTab"),
});
const adminServers = createRoute({
  getParentRoute: () => admin,
  path: "servers",
  component: lazyPage(() => import("./features/admin/ServersTab.tsx"), "ServersTab"),
});
const adminSystem = createRoute({
  getParentRoute: () => admin,
  path: "system",
  component: lazyPage(() => import("./features/admin/SystemTab.tsx"), "SystemTab"),
});
const adminUsers = createRoute({
  getParentRoute: () => admin,
  path: "users",
  component: lazyPage(() => import("./features/admin/UsersTab.tsx"), "UsersTab"),
});
const adminUser = createRoute({
  getParentRoute: () => adminUsers,
  path: "$userId",
  component: lazyPage(() => import("./features/admin/UserPanel.tsx"), "UserPanel"),
});
const adminAudit = createRoute({
  getParentRoute: () => admin,
  path: "audit",
  component: lazyPage(() => import("./features/admin/AuditTab.tsx"), "AuditTab"),
});
const adminOutbox = createRoute({
  getParentRoute: () => admin,
  path: "outbox",
  component: lazyPage(() => import("./features/admin/OutboxTab.tsx"), "OutboxTab"),
});
const adminRevenue = createRoute({
  getParentRoute: () => admin,
  path: "revenue",
  validateSearch: revenueSearch,
  component: lazyPage(() => import("./features/billing/RevenuePage.tsx"), "RevenuePage"),
});
const settingsDeployment = createRoute({
  getParentRoute: () => settings,
  path: "deployment",
  component: lazyPage(() => import("./features/deployments/DeploymentSettings.tsx"), "DeploymentSettings"),
});
const settingsBilling = createRoute({
  getParentRoute: () => settings,
  path: "billing",
  validateSearch: billingSearch,
  component: lazyPage(() => import("./features/billing/BillingSettings.tsx"), "BillingSettings"),
});
const settingsReceipt = createRoute({
  getParentRoute: () => settings,
  path: "billing/receipts/$id",
  component: lazyPage(() => import("./features/billing/ReceiptPage.tsx"), "ReceiptPage"),
});
const settingsReferrals = createRoute({
  getParentRoute: () => settings,
  path: "referrals",
  component: lazyPage(() => import("./features/referrals/ReferralSettings.tsx"), "ReferralSettings"),
});
const settingsCreator = createRoute({
  getParentRoute: () => settings,
  path: "creator",
  component: lazyPage(() => import("./features/creators/CreatorSettings.tsx"), "CreatorSettings"),
});
const feedback = createRoute({
  getParentRoute: () => app,
  path: "/feedback",
  validateSearch: boardSearch,
  component: lazyPage(() => import("./features/feedback/FeedbackPage.tsx"), "FeedbackPage"),
});
const help = createRoute({
  getParentRoute: () => app,
  path: "/help",
  validateSearch: helpSearch,
});
const helpHome = createRoute({
  getParentRoute: () => help,
  path: "/",
  component: lazyPage(() => import("./features/help/HelpHomePage.tsx"), "HelpHomePage"),
});
const helpPage = createRoute({
  getParentRoute: () => help,
  path: "$",
  loader: async ({ context: { queryClient }, params }) => {
    if (!(await loadHelpText(queryClient, params._splat ?? ""))) throw notFound();
  },
  component: HelpPage,
});
/** The store. */
const marketplace = createRoute({
  getParentRoute: () => app,
  path: "/marketplace",
  validateSearch: marketplaceSearch,
  component: lazyPage(() => import("./features/marketplace/MarketplacePage.tsx"), "MarketplacePage"),
});
const publicProfile = createRoute({
  getParentRoute: () => app,
  path: "/@{$username}",
  validateSearch: creatorSearch,
  component: lazyPage(() => import("./features/creators/PublicProfilePage.tsx"), "PublicProfilePage"),
});
const marketplaceAgent = createRoute({
  getParentRoute: () => app,
  path: "/marketplace/agent/$slug",
  component: lazyPage(() => import("./features/marketplace/AgentPage.tsx"), "AgentPage"),
});
const marketplaceBase = createRoute({
  getParentRoute: () => app,
  path: "/marketplace/base/$slug",
  component: lazyPage(() => import("./features/marketplace/BasePage.tsx"), "BasePage"),
});
const marketplaceTheme = createRoute({
  getParentRoute: () => app,
  path: "/marketplace/theme/$id",
  component: lazyPage(() => import("./features/marketplace/ThemePage.tsx"), "ThemePage"),
});
/** Where a payment leads back to. */
const marketplaceSuccess = createRoute({
  getParentRoute: () => app,
  path: "/marketplace/success",
  validateSearch: object({ session_id: requiredText, agent: textParam, base: textParam }),
  component: lazyPage(() => import("./features/marketplace/SuccessPage.tsx"), "SuccessPage"),
});
const library = createRoute({
  getParentRoute: () => app,
  path: "/library",
  validateSearch: object({ tab: oneOfParam(["templates", "made"]) }),
  component: lazyPage(() => import("./features/library/LibraryPage.tsx"), "LibraryPage"),
});
/** `new` makes one. */
const libraryAgent = createRoute({
  getParentRoute: () => app,
  path: "/library/agents/$slug",
  component: lazyPage(() => import("./features/library/AgentEditorPage.tsx"), "AgentEditorPage"),
});
/** Where the payment provider leads a creator back to. */
const connectReturn = createRoute({
  getParentRoute: () => app,
  path: "/billing/connect/$outcome",
  component: lazyPage(() => import("./features/creators/ConnectReturn.tsx"), "ConnectReturn"),
});
const workbench = createRoute({
  getParentRoute: () => app,
  path: "/p/$slug/{-$view}",
  /** `run`: whose changes the review shows. `deployment`: which of them the deploys show. `chat`: which chat to open. */
  validateSearch: object({ run: textParam, deployment: textParam, chat: textParam, ...dataSearch, ...cardSearch }),
  loader: ({ context: { queryClient }, params }) => {
    void queryClient.prefetchQuery(projectQuery(params.slug));
    void queryClient.prefetchQuery(modelSetupQuery);
    void queryClient.prefetchQuery(modelsQuery);
    void queryClient.prefetchQuery(libraryQuery(api));
    // Stands in a file of its own, so that the rest can be drawn before it has come.
    preload(() => import("./features/chat/Transcript.tsx"));
  },
  component: WorkbenchPage,
});

const routeTree = root.addChildren([
  guest.addChildren([login, register, forgotPassword]),
  connectModel,
  resetPassword,
  verify,
  oauthCallback,
  oauthConnected,
  restore,
  app.addChildren([
    home,
    projects,
    newProject,
    settings.addChildren([
      settingsIndex,
      settingsProfile,
      settingsLook,
      settingsTheme,
      settingsPreferences,
      settingsNotifications,
      settingsData,
      settingsSecurity,
      settingsModels,
      settingsGit,
      settingsConnectors,
      settingsDeployment,
      settingsApiKeys,
      settingsShortcuts,
      settingsBilling,
      settingsReceipt,
      settingsReferrals,
      settingsCreator,
    ]),
    admin.addChildren([
      adminIndex,
      adminOverview,
      adminUsers.addChildren([adminUser]),
      adminProjects.addChildren([adminProject]),
      adminSetup,
      adminRuns,
      adminDeployments,
      adminAgents,
      adminBases,
      adminThemes,
      adminStore,
      adminReviews,
      adminSandboxes,
      adminServers,
      adminSystem,
      adminAudit,
      adminOutbox,
      adminRevenue,
    ]),
    feedback,
    help.addChildren([helpHome, helpPage]),
    marketplace,
    publicProfile,
    marketplaceAgent,
    marketplaceBase,
    marketplaceTheme,
    marketplaceSuccess,
    library,
    libraryAgent,
    connectReturn,
    workbench,
  ]),
]);

const Pending = () => (
  <div className="grid h-full min-h-0 flex-1 place-items-center text-fg-2">
    <Spinner word="Loading…" />
  </div>
);

/** `history`: replaces the browser's history. */
export function createAppRouter(queryClient: QueryClient, history?: RouterHistory) {
  return createRouter({
    routeTree,
    context: { queryClient },
    ...(history && { history }),
    defaultPreload: "intent",
    defaultPreloadStaleTime: 0,
    defaultPendingMs: 300,
    defaultPendingMinMs: 200,
    defaultPendingComponent: Pending,
    defaultErrorComponent: RouteError,
    defaultNotFoundComponent: NotFoundPage,
    scrollRestoration: true,
    // Parameters that no route knows are dropped.
    search: { strict: true },
  });
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof createAppRouter>;
  }
}
