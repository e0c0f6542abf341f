"""What finance is told when a month is final."""

import calendar
from dataclasses import dataclass
from typing import TYPE_CHECKING

from readmeter.usage.manifest import Manifest
from readmeter.usage.period import ExportPeriod

if TYPE_CHECKING:
    from types_boto3_sns import SNSClient

_LONGEST_SUBJECT = 99  # characters that SNS takes, in ASCII


@dataclass(frozen=True, slots=True)
class Announcement:
    """An e-mail: SNS takes a subject of less than 100 ASCII characters."""

    subject: str
    text: str

    @classmethod
    def of(cls, manifest: Manifest) -> "Announcement":
        """Of a month's final."""
        month = ExportPeriod.parse(manifest.period)
        totals = manifest.control_totals
        articles = "article" if totals.billable_quantity == 1 else "articles"
        month_name = f"{calendar.month_name[month.first.month]} {month.first.year}"
        fact = f"{month_name} is final: {totals.billable_quantity:,} counted {articles}"
        first = f"{fact}, {manifest.site_name}"
        is_fit = first.isascii() and len(first) <= _LONGEST_SUBJECT
        text = "\n".join(
            [
                first,
                "",
                _invoice_line(manifest),
                "",
                f"Export: {manifest.export_id}, revision {manifest.revision}",
                f"Download: readmeter export get {manifest.site} {manifest.period}",
                f"Or:       GET /v1/admin/exports/{manifest.export_id}",
                "",
                "It will not change. What arrives late is a correction in the next month's export.",
            ]
        )
        return cls(first if is_fit else f"{fact}, {manifest.site}", text)

    def publish(self, sns: "SNSClient", topic: str) -> None:
        sns.publish(TopicArn=topic, Subject=self.subject, Message=self.text)


def _invoice_line(manifest: Manifest) -> str:
    totals = manifest.control_totals
    corrections = totals.billable_correction_quantity
    if corrections == 0:
        return f"To invoice: {totals.to_invoice:,}, without corrections"
    sign = "+" if corrections > 0 else "−"
    name = "correction" if abs(corrections) == 1 else "corrections"
    return (
        f"To invoice: {totals.to_invoice:,} = {totals.billable_quantity:,} counted {sign} {abs(corrections):,} {name}"
    )
