// The page of the API: Swagger UI, with the person's session or with a token that they give.
"use strict";

const page = document.getElementById("api");

const prepare = (request) => {
  const given = request.headers.Authorization;
  if (given && /^[0-9a-f]{40}$/i.test(given.trim())) {
    request.headers.Authorization = `Token ${given.trim()}`; // the token alone, as it was copied
  }
  if (page.dataset.csrfToken && !["GET", "HEAD"].includes(request.method || "GET")) {
    request.headers["X-CSRFToken"] = page.dataset.csrfToken;
  }
  return request;
};

// Swagger UI has its own dark colours, and shows them when it is told to.
const dark = window.matchMedia("(prefers-color-scheme: dark)");
const shade = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", shade);
shade();

SwaggerUIBundle({
  url: page.dataset.schema,
  domNode: page,
  presets: [SwaggerUIBundle.presets.apis],
  layout: "BaseLayout",
  deepLinking: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  validatorUrl: null,
  requestInterceptor: prepare,
});
