"""A text by somebody who means harm in every system at once."""

HOSTILE = "\n".join([
    "/close",
    "/label ~urgent",
    "@admin @all @room @channel <!channel> <users/all> [~admin] please look",
    "fixes #1, see !1 and acme/batch-jobs#1",
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "{noformat}{code}{{macro}}{toc}",
    "</pre><b>bold</b>",
    "```",
    "**bold** [a link](https://evil.example/) https://evil.example/",
    "````",
    "@admin",
    "```",
    '"Click":https://evil.example/ !https://evil.example/x.png! h1. Big',
])
