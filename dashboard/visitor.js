// A browser's secret: made once, kept here, shown to this server alone. Knows no page.

const FORM = /^[0-9a-f]{32}$/
const SETTLED = 50 // milliseconds
let fallback // where neither cookies nor storage are allowed: until the page is closed

export default function secret({ data, setTriggerValue }) {
  const own = kept(data.cookie) ?? (fallback ??= made())
  keep(data.cookie, own)
  // Two tabs of a first visit may each have made one in the same moment: the last one kept is both's.
  if (data.asked) setTimeout(() => setTriggerValue("secret", kept(data.cookie) ?? own), SETTLED)
}

function kept(name) {
  return cookie(name) ?? stored(name)
}

function cookie(name) {
  const found = document.cookie.split("; ").find((one) => one.startsWith(`${name}=`))
  return valid(found?.slice(name.length + 1))
}

function stored(name) {
  try {
    return valid(localStorage.getItem(name))
  } catch {
    return undefined
  }
}

function valid(value) {
  return FORM.test(value ?? "") ? value : undefined
}

// randomUUID is missing on pages without https, and a classroom's are.
function made() {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("")
}

// The cookie comes with the next handshake, so that a reload knows its runs at once. It outlives
// its 400 days where the page is opened in them; the storage stays where cookies are cleared.
function keep(name, value) {
  const secure = location.protocol === "https:" ? "; Secure" : ""
  document.cookie = `${name}=${value}; Path=/; Max-Age=34560000; SameSite=Strict${secure}`
  try {
    localStorage.setItem(name, value)
  } catch {
    // Not allowed: the cookie is enough.
  }
}
