"""
What a failed attempt came to: whether to try again, when, and whether it may have arrived.

An answer that we do not know is no reason to give up: only what a server plainly refuses is
permanent. https://docs.slack.dev/reference/methods/chat.postMessage,
https://spec.matrix.org/latest/client-server-api/#standard-error-response, RFC 5321, 2026-11.
"""

from collections.abc import Sequence

from netwatch_notify.deliver.answers import Answer
from netwatch_notify.deliver.reasons import LIMIT, Overheard, last_words, mask, smtp_failure
from netwatch_notify.model.message import Delivery
from netwatch_notify.model.text import clean

_PASSING_STATUSES = frozenset((408, 409, 421, 423, 425, 429))
"""Of the 4xx, those that speak of this moment."""
_PASSING_WORDS = frozenset(
    # Slack's; then Matrix's, of which M_USER_LOCKED asks for patience and M_UNKNOWN says nothing.
    """
    internal_error fatal_error service_unavailable request_timeout ratelimited rate_limited
    message_limit_exceeded team_added_to_org org_login_required
    M_LIMIT_EXCEEDED M_RESOURCE_LIMIT_EXCEEDED M_USER_LOCKED M_UNKNOWN
    """.split()
)
_HALF_DONE = frozenset(("internal_error", "fatal_error"))
"""Slack: some of it may have succeeded before the error was raised."""
_REFUSALS = frozenset(
    # Slack's words with "ok": false, which come with HTTP 200. Of the token, the channel, the text.
    """
    invalid_auth not_authed account_inactive token_revoked token_expired no_permission
    missing_scope not_allowed_token_type access_denied ekm_access_denied user_is_restricted
    restricted_action team_access_not_granted two_factor_setup_required enterprise_is_restricted
    team_not_found deprecated_endpoint method_deprecated unknown_method as_user_not_supported
    channel_not_found not_in_channel is_archived channel_is_archived user_not_found
    users_not_found user_disabled messages_tab_disabled cannot_dm_bot is_inactive
    restricted_action_read_only_channel restricted_action_thread_only_channel
    restricted_action_non_threadable_channel posting_to_general_channel_denied
    invalid_payload no_text msg_too_long msg_blocks_too_long invalid_blocks invalid_blocks_format
    too_many_attachments invalid_arguments invalid_arg_name invalid_array_arg invalid_charset
    invalid_form_data invalid_post_type invalid_json json_not_object
    no_service no_team invalid_token action_prohibited
    """.split()
)
_KNOWN_WORDS = (
    _PASSING_WORDS
    | _REFUSALS
    | {"M_FORBIDDEN", "M_NOT_FOUND", "M_UNKNOWN_TOKEN", "M_MISSING_TOKEN", "M_TOO_LARGE"}
)


def judge(answers: Sequence[Answer], overheard: Overheard, url: str, speaker: str = "") -> Delivery:
    """
    Return what a failed send to `url` came to, by its answers, else by apprise's log.

    `speaker` is whose words the answers' codes are, where we know it: Slack.
    """
    # Not any answer that failed: a plugin may ask first for something that need not be there.
    answer = answers[-1] if answers else None
    if answer is None or not answer.is_failure:
        return _by_log(overheard, url, answer)
    is_permanent = _is_permanent(answer)
    return Delivery(
        False,
        clean(_reason(answer, url, speaker), LIMIT),
        permanent=is_permanent,
        uncertain=any(_may_have_arrived(each) for each in answers),
        retry_after_seconds=None if is_permanent else answer.retry_after_seconds,
    )


def _is_permanent(answer: Answer) -> bool:
    status = answer.status
    if status is None or status >= 500 or status in _PASSING_STATUSES:
        return False
    if answer.word in _PASSING_WORDS or answer.soft_logout:
        return False
    # Redirects are not followed: a POST would become a GET. What has moved needs a new URL.
    return status >= 300 or (answer.says_no and answer.word in _REFUSALS)


def _may_have_arrived(answer: Answer) -> bool:
    if answer.status is None:
        return answer.was_connected
    if answer.status >= 500 or answer.word in _HALF_DONE:
        return True
    return answer.status < 300 and bool(answer.trouble)


def _reason(answer: Answer, url: str, speaker: str) -> str:
    if answer.status is None:
        return answer.trouble
    # The word is the server's own, which may send back our token; one of ours is no secret.
    word = answer.word if answer.word in _KNOWN_WORDS else mask(answer.word, url)
    if answer.status < 300 and answer.trouble:
        return f"HTTP {answer.status}, then {answer.trouble}"
    if word and speaker:
        return f"{speaker} says {word}"
    return f"HTTP {answer.status} ({word})" if word else f"HTTP {answer.status}"


def _by_log(overheard: Overheard, url: str, answer: Answer | None) -> Delivery:
    if failure := smtp_failure(overheard, url):
        return failure
    said = last_words(overheard, url)
    if answer and (not said or f"error={answer.status}" in said):
        # Taken, as it seems, but not with the words that confirm it: a portal's page, say.
        said = f"HTTP {answer.status}, but it confirms nothing"
    return Delivery(False, said or "apprise gave no reason", uncertain=True)
