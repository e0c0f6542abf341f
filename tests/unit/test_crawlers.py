"""What user agents say: search engines' crawlers, other robots, and people, who must not be taken for either."""

import re

import pytest

from readmeter.core.crawlers import CRAWLERS, claimed, is_below, is_robot
from tools import robots

WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
BROWSER = f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {WEBKIT} Chrome/131.0.0.0 Safari/537.36"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
ANDROID = "Mozilla/5.0 (Linux; Android 14; SM-A546B Build/UP1A; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0"
PEOPLE = [
    "",
    BROWSER,
    f"{BROWSER} Edg/131.0.0.0",
    f"{BROWSER} OPR/115.0.0.0",
    f"{BROWSER} Vivaldi/6.8",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:132.0) Gecko/20100101 Firefox/132.0",
    "Mozilla/5.0 (Windows NT 10.0; WOW64; Trident/7.0; rv:11.0) like Gecko",
    "Mozilla/5.0 (compatible; MSIE 10.0; Windows NT 6.2; Trident/6.0)",
    f"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) {WEBKIT} Chrome/131.0 Safari/537.36",
    f"Mozilla/5.0 (Linux; Android 10; K) {WEBKIT} Chrome/131.0.0.0 Mobile Safari/537.36",
    f"Mozilla/5.0 (Linux; Android 12; CUBOT X50) {WEBKIT} Chrome/126.0 Mobile Safari/537.36",
    f"Mozilla/5.0 (Linux; Android 9; KFTRWI) {WEBKIT} Silk/126.3.1 like Chrome/126.0 Safari",
    f"Mozilla/5.0 (SMART-TV; LINUX; Tizen 6.0) {WEBKIT} 76.0.3809.146/6.0 TV Safari/537.36",
    "Mozilla/5.0 (PlayStation; PlayStation 5/2.26) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/13.0 Safari",
    "Opera/9.80 (J2ME/MIDP; Opera Mini/7.1.32052/29.3709; U; en) Presto/2.8.119 Version/11.10",
    f"{BROWSER.removesuffix('Safari/537.36')}YaBrowser/24.6.0.0 Safari/537.36",
    f"{IPHONE} Version/18.1 Mobile/15E148 Safari/604.1",
    f"{IPHONE} CriOS/126.0.6478.54 Mobile/15E148 Safari/604.1",
    f"{IPHONE} GSA/320.0.640500000 Mobile/15E148 Safari/604.1",
    f"{IPHONE} Version/17.5 Mobile/15E148 DuckDuckGo/7 Safari/605.1.15",
    f"{IPHONE} Mobile/15E148 [FBAN/FBIOS;FBAV/470.0.0.36.109;FBBV/615232478;FBDV/iPhone14,5;FBMD/iPhone;FBSN/iOS]",
    f"{IPHONE} Mobile/15E148 [LinkedInApp]/9.29.6423",
    f"{IPHONE} Mobile/15E148 [Pinterest/iOS]",
    f"{IPHONE} Mobile/15E148 Twitter for iPhone/10.44",
    f"{IPHONE} Mobile/15E148 Safari Line/14.8.0",
    f"{IPHONE} Mobile/15E148 MicroMessenger/8.0.49(0x18003137) NetType/WIFI Language/zh_CN",
    f"{ANDROID} Chrome/126.0 Mobile Safari/537.36 Instagram 340.0.0.22.109 Android (34/14; 450dpi; samsung; pt_BR)",
    f"{ANDROID} Chrome/126.0 Mobile Safari/537.36 MetaIAB Facebook",
    f"{ANDROID} Chrome/126.0 Mobile Safari/537.36 Flipboard/4.3.26",
    f"{ANDROID} Chrome/126.0 Safari/537.36 trill_350 BytedanceWebview/d8a21c6",
    "python-requests/2.32.3",  # a publisher's server, which asks for its readers
    "Go-http-client/2.0",
    "curl/8.5.0",
]


@pytest.mark.parametrize("user_agent", PEOPLE)
def test_people_and_servers_are_no_robots(user_agent: str) -> None:
    assert not claimed(user_agent)
    assert not is_robot(user_agent)


def test_every_robot_of_the_list_is_known_by_what_it_sends() -> None:
    """And what no pattern of the list matches is none: looked up by names, or by each pattern, is the same."""
    patterns = re.compile("|".join(f"(?:{robot['pattern']})" for robot in robots.listed()))
    sent = {instance[:512] for robot in robots.listed() for instance in robot["instances"]}
    assert len(sent) > 2000
    assert [each for each in sorted(sent) if is_robot(each) != bool(patterns.search(each))] == []


def test_the_data_is_what_its_source_makes() -> None:
    assert robots.DATA.read_text(encoding="utf-8") == robots.generated(), "run `make generate`"


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "google"),
        (
            "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GOOGLEBOT/2.1) Chrome/131.0 Safari/537.36",
            "google",
        ),
        ("Googlebot-Image/1.0", "google"),
        ("Mozilla/5.0 (compatible; Google-InspectionTool/1.0;)", "google"),
        (
            "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; bingbot/2.0) Chrome/116.0 Safari/537.36",
            "bing",
        ),
        (f"{IPHONE} Version/17.4 Safari/605.1.15 (Applebot/0.1; +http://www.apple.com/go/applebot)", "apple"),
        ("DuckDuckBot/1.1; (+http://duckduckgo.com/duckduckbot.html)", "duckduckgo"),
        ("Mozilla/5.0 (compatible; YandexBot/3.0; +http://yandex.com/bots)", "yandex"),
        ("Mozilla/5.0 (compatible; Baiduspider/2.0; +http://www.baidu.com/search/spider.html)", "baidu"),
        ("Mozilla/5.0 (compatible; Yahoo! Slurp; http://help.yahoo.com/help/us/ysearch/slurp)", "yahoo"),
        ("Mozilla/5.0 (compatible; SeznamBot/4.0; +http://napoveda.seznam.cz/seznambot-intro/)", "seznam"),
    ],
)
def test_search_engines_crawlers_say_who_they_are(user_agent: str, name: str) -> None:
    assert [crawler.name for crawler in claimed(user_agent)] == [name]


@pytest.mark.parametrize(
    "user_agent",
    [
        "Mozilla/5.0 (compatible; GPTBot/1.2; +https://openai.com/gptbot)",
        "Mozilla/5.0 (compatible; ChatGPT-User/1.0; +https://openai.com/bot)",
        "CCBot/2.0 (https://commoncrawl.org/faq/)",
        "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
        "FeedFetcher-Google; (+http://www.google.com/feedfetcher.html) Feedfetcher-Google",
        f"Mozilla/5.0 (X11; Linux x86_64) {WEBKIT} HeadlessChrome/131.0.0.0 Safari/537.36",
        "Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)",
    ],
)
def test_other_robots_and_what_users_set_off_claim_no_search_engine(user_agent: str) -> None:
    assert not claimed(user_agent)
    assert is_robot(user_agent)


def test_every_crawler_can_be_proven_and_tells_itself_by_names_of_its_own() -> None:
    says = [name for crawler in CRAWLERS for name in crawler.says]
    assert len(set(says)) == len(says)
    assert all(name == name.lower() for name in says)
    assert all(crawler.lists or crawler.domains for crawler in CRAWLERS)
    assert all(url.startswith("https://") for crawler in CRAWLERS for url in crawler.lists)


def test_a_host_is_below_a_domain_by_whole_labels() -> None:
    domains = ("googlebot.com", "search.msn.com")
    assert is_below("crawl-66-249-66-1.googlebot.com", domains)
    assert is_below("MSNBOT-1.search.MSN.com.", domains)
    for host in (
        "",
        "googlebot.com",
        "evilgooglebot.com",
        "crawl.googlebot.com.evil.example",
        "msn.com",
        "a.googlebot.comx",
    ):
        assert not is_below(host, domains)


def test_only_the_beginning_of_a_user_agent_is_read() -> None:
    assert not claimed("x" * 512 + "Googlebot")
    assert not is_robot("x" * 512 + "AhrefsBot")
