// Clicks through River UI in a headless Chromium, below a root path, as an admin would.
//
//   node .ci/riverui.mjs BOOKING PLAYWRIGHT [SCREENSHOTS]
//
// BOOKING is the program, PLAYWRIGHT a directory in which playwright-core is installed. Screenshots go into a
// temporary directory unless one is given. CHROMIUM names the browser, by default the one of the PATH.

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const [program, playwright, shots = mkdtempSync(join(tmpdir(), "riverui-"))] = process.argv.slice(2);
assert(program && playwright, "usage: node riverui.mjs BOOKING PLAYWRIGHT [SCREENSHOTS]");
const { chromium } = createRequire(resolve(playwright) + "/")("playwright-core");
const executablePath = process.env.CHROMIUM || execFileSync("which", ["chromium"], { encoding: "utf8" }).trim();
mkdirSync(shots, { recursive: true });

const rootPath = "/apps/shum-booking";
const admin = { email: "admin@demo.example", password: "try-the-admin-role" };
const jobs = [1, 2, 3];

// start runs the program and returns what its guide tells once it is ready.
async function start() {
  const env = { ...process.env, ROOT_PATH: rootPath };
  const dev = spawn(program, ["dev", "--ephemeral", "--addr", "127.0.0.1:0", "--hotels", "1"], { env });
  let guide = "";
  let log = "";
  dev.stderr.on("data", (text) => (log += text));
  await new Promise((done, failed) => {
    dev.stdout.on("data", (text) => (guide += text).includes("Ctrl-C") && done());
    dev.on("exit", (code) => failed(new Error(`booking dev ends with ${code} before it is ready:\n${log}`)));
  });
  return {
    dev,
    base: guide.match(/River UI +(\S+?)\/?\n/)[1],
    database: guide.match(/psql '([^']+)'/)[1],
  };
}

// insertJobs makes jobs that no worker knows, so that they stay as they are put.
function insertJobs(database) {
  const sql = `INSERT INTO river_job (state, max_attempts, kind, args, scheduled_at)
    SELECT 'scheduled', 5, 'browser_check', jsonb_build_object('number', n), now() + interval '1 day'
    FROM unnest(ARRAY[${jobs}]) n RETURNING id`;
  return psql(database, sql).split("\n").filter((line) => /^\d+$/.test(line));
}

function psql(database, sql) {
  return execFileSync("psql", [database, "-X", "-A", "-t", "-q", "-c", sql], { encoding: "utf8" }).trim();
}

// watch notes what a page must not do. A refused sign-in is an error to the console as well; expected is for that.
function watch(page, base, expected = () => false) {
  const faults = [];
  const note = (text) => expected(text) || faults.push(text);
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) note(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => note(`error: ${error.message}`));
  page.on("requestfailed", (request) => note(`failed: ${request.url()} ${request.failure()?.errorText}`));
  page.on("request", (request) => {
    if (!request.url().startsWith(base) && !request.url().startsWith("data:")) note(`outside: ${request.url()}`);
  });
  page.on("response", (response) => response.status() >= 400 && note(`${response.status()} of ${response.url()}`));
  return faults;
}

async function signIn(page, password = admin.password) {
  await page.getByLabel("E-mail").fill(admin.email);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
}

async function shoot(page, name) {
  await page.screenshot({ path: join(shots, `${name}.png`) });
}

// checkSignIn sees the form on a phone, without JavaScript, in the dark, and is refused there.
async function checkSignIn(browser, base) {
  const phone = { viewport: { width: 360, height: 640 }, isMobile: true, colorScheme: "dark", javaScriptEnabled: false };
  const context = await browser.newContext(phone);
  const page = await context.newPage();
  const faults = watch(page, base, (text) => text.includes("422"));
  await page.goto(`${base}/jobs?state=scheduled`);
  assert.equal(page.url(), `${base}/sign-in?next=${encodeURIComponent(`${new URL(base).pathname}/jobs?state=scheduled`)}`);
  await shoot(page, "sign-in-phone");
  await signIn(page, "wrong");
  const password = page.getByLabel("Password");
  assert.equal(await page.getByLabel("E-mail").inputValue(), admin.email, "the e-mail is kept");
  assert.equal(await password.inputValue(), "", "the password is not");
  assert.match(await page.locator(`#${await password.getAttribute("aria-describedby")}`).textContent(), /wrong/);
  assert(await page.locator("#password:focus").count(), "the password has the focus, and so the error is read aloud");
  await shoot(page, "refused-phone");
  assert.deepEqual(await context.cookies(), [], "no cookie before the sign-in");
  await signIn(page);
  assert.equal(page.url(), `${base}/jobs?state=scheduled`, "the page first asked for is shown");
  assert.deepEqual(faults, []);
  await context.close();
}

// checkJobs cancels a job and retries it.
async function checkJobs(page, base, database, ids) {
  await page.goto(`${base}/`);
  await signIn(page);
  await page.waitForURL(`${base}/jobs`);
  await page.goto(`${base}/jobs?state=scheduled`);
  await page.getByText("browser_check").first().waitFor();
  await shoot(page, "jobs");
  await page.locator(`a[href$="/jobs/${ids[0]}"]`).click();
  await page.waitForURL(`${base}/jobs/${ids[0]}`);
  for (const [button, state, notice] of [
    ["Cancel", "cancelled", "Job cancelled"], ["Retry", "available", "Job enqueued for retry"],
  ]) {
    const answered = page.waitForResponse((response) => response.request().method() === "POST");
    await page.getByRole("button", { name: button, exact: true }).click();
    assert.equal((await answered).status(), 200, `${button} is answered`);
    assert.equal(psql(database, `SELECT state FROM river_job WHERE id = ${ids[0]}`), state);
    await page.getByText(notice).waitFor();
    await shoot(page, `job-${state}`);
  }
  await page.goto(`${base}/queues`, { waitUntil: "networkidle" });
}

async function checkCookie(context, page, base) {
  const [cookie, ...others] = await context.cookies();
  assert.deepEqual(others, []);
  assert.match(cookie.value, /^[\w-]{43}$/);
  const { name, domain, path, expires, httpOnly, secure, sameSite } = cookie;
  assert.deepEqual({ name, domain, path, expires, httpOnly, secure, sameSite }, {
    name: "console", domain: "127.0.0.1", path: new URL(base).pathname, expires: -1,
    httpOnly: true, secure: false, sameSite: "Strict", // booking dev speaks plain HTTP
  });
  assert.equal(await page.evaluate(() => document.cookie), "", "scripts see no cookie");
  const stored = await page.evaluate(() => JSON.stringify([localStorage, sessionStorage]));
  assert(!stored.includes(cookie.value), "scripts have no copy of the cookie");
}

// checkLink comes from another site: the browser keeps the cookie back at first, and yet the job is shown.
async function checkLink(context, base, id) {
  const page = await context.newPage();
  await page.goto(`data:text/html,<a href="${base}/jobs/${id}">a job</a>`);
  await page.getByRole("link").click();
  await page.waitForURL(`${base}/jobs/${id}`);
  await page.getByText("browser_check").first().waitFor();
  await page.close();
}

// checkForgery has another site try what only the pages of River UI may.
async function checkForgery(context, base, database, id) {
  const page = await context.newPage();
  await page.goto(`data:text/html,<form method="post" action="${base}/api/jobs/cancel"><button>Win</button></form>`);
  const answered = page.waitForResponse((response) => response.url().startsWith(base));
  await page.getByRole("button").click();
  assert.equal((await answered).status(), 403, "a form of another site is refused");
  assert.equal(psql(database, `SELECT state FROM river_job WHERE id = ${id}`), "scheduled");
  await page.close();
}

async function checkSignOut(context, page, base) {
  await page.goto(`${base}/sign-in`);
  await page.getByText(admin.email).waitFor();
  await shoot(page, "signed-in");
  const [cookie] = await context.cookies();
  await page.getByRole("button", { name: "Sign out" }).click();
  assert.equal(page.url(), `${base}/sign-in`);
  assert.deepEqual(await context.cookies(), [], "the cookie is gone");
  await context.addCookies([cookie]);
  await page.goto(`${base}/jobs`);
  assert(page.url().startsWith(`${base}/sign-in`), "the session is over, whoever still has the cookie");
}

// checkOldBrowser signs in where the browser says nothing of where a request comes from but the Origin, as at a name
// that is not of this machine without TLS.
async function checkOldBrowser(browser, base) {
  const context = await browser.newContext();
  const page = await context.newPage();
  const there = base.replace("127.0.0.1", "console.test");
  await page.goto(`${there}/`);
  await signIn(page);
  await page.waitForURL(`${there}/jobs`);
  await context.close();
}

const { dev, base, database } = await start();
try {
  const browser = await chromium.launch({
    executablePath,
    args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking",
      "--host-resolver-rules=MAP console.test 127.0.0.1"],
  });
  const ids = insertJobs(database);
  assert.equal(ids.length, jobs.length);
  await checkSignIn(browser, base);
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  const page = await context.newPage();
  const faults = watch(page, base);
  await checkJobs(page, base, database, ids);
  await checkCookie(context, page, base);
  await checkLink(context, base, ids[1]);
  await checkForgery(context, base, database, ids[1]);
  await checkSignOut(context, page, base);
  assert.deepEqual(faults, []);
  await checkOldBrowser(browser, base);
  await browser.close();
  console.log(`River UI works below ${base}; screenshots are in ${shots}`);
} finally {
  dev.removeAllListeners("exit");
  dev.kill("SIGINT");
  await new Promise((ended) => dev.on("exit", ended));
}
