import RawJSON
import Testing

@Suite("The check for Slack's markup")
struct SlackMarkupTests {
    @Test(
        "finds what is live in a message's own text",
        arguments: [
            "<!channel>", "<@U123>", "<#C1>", "<https://evil.example|bank>", "a < b", "a > b", "AT&T", "cut &am", "*bold*", "_i_", "~s~",
            "`code`",
        ])
    func ownText(_ text: String) {
        #expect(!SlackMarkup.troubles(in: ["text": .string(text)]).isEmpty)
    }

    @Test(
        "finds what is live in every place that has mrkdwn",
        arguments: [
            ["blocks": [["type": "section", "text": ["type": "mrkdwn", "text": "<!channel>"]]]],
            [
                "blocks": [
                    ["type": "section", "fields": [["type": "plain_text", "text": "<!channel>"], ["type": "mrkdwn", "text": "*bold*"]]]
                ]
            ],
            ["blocks": [["type": "context", "elements": [["type": "mrkdwn", "text": "AT&T"]]]]],
            ["attachments": [["color": "#2eb67d", "fallback": "<!here>"]]],
            ["attachments": [["fields": [["title": "_i_", "value": "x"]]]]],
        ] as [JSON])
    func otherTexts(_ message: JSON) {
        #expect(!SlackMarkup.troubles(in: message).isEmpty)
    }

    @Test(
        "lets pass what has no markup",
        arguments: [
            ["text": "&lt;!channel&gt; AT&amp;T *bold*", "mrkdwn": false],
            ["blocks": [["type": "section", "text": ["type": "plain_text", "text": "<!channel> & *bold*"]]]],
            [
                "blocks": [
                    [
                        "type": "actions",
                        "elements": [
                            ["type": "button", "text": ["type": "plain_text", "text": "<@U1>"], "url": "https://a.example/?b&c"]
                        ],
                    ]
                ]
            ],
        ] as [JSON])
    func harmless(_ message: JSON) {
        #expect(SlackMarkup.troubles(in: message).isEmpty)
    }

    @Test("does not take formatting that is off for links that are off")
    func linksStayLive() {
        #expect(!SlackMarkup.troubles(in: ["text": "<!channel>", "mrkdwn": false]).isEmpty)
    }
}
