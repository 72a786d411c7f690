//! Lists: pages, filters, orders, and tokens that belong to their arguments.

use proto::registry::v1;
use tonic::Code;

use super::{Suite, company, creating, refused, wrong_fields};

async fn fill(suite: &Suite) {
    let mut requests = Vec::new();
    for number in 0..25 {
        let kind = if number % 2 == 0 { v1::BusinessType::IndirectReseller } else { v1::BusinessType::DirectReseller };
        let partner = v1::Partner {
            business_types: vec![kind.into(), v1::BusinessType::SoftwareVendor.into()],
            region_code: if number % 3 == 0 { "FR" } else { "DE" }.to_owned(),
            domain: if number % 5 == 0 { format!("p{number}.example") } else { String::new() },
            ..company(&format!("Company {:02}", 24 - number))
        };
        requests.push(creating(&format!("p-{number:02}"), partner));
    }
    let batch = v1::BatchCreatePartnersRequest { requests, ..Default::default() };
    suite.staff().partners().batch_create_partners(batch).await.expect("created");
}

/// All pages of a list.
async fn pages(suite: &Suite, list: v1::ListPartnersRequest) -> Vec<String> {
    let mut partners = suite.staff().partners();
    let (mut names, mut list) = (Vec::new(), list);
    loop {
        let page = partners.list_partners(list.clone()).await.expect("listed").into_inner();
        assert!(page.partners.len() <= usize::try_from(list.page_size).expect("positive"));
        names.extend(page.partners.into_iter().map(|partner| partner.name));
        if page.next_page_token.is_empty() {
            return names;
        }
        list.page_token = page.next_page_token;
    }
}

#[tokio::test]
async fn pages_hold_everything_once_in_every_order() {
    let suite = Suite::start().await;
    fill(&suite).await;
    let list = |order_by: &str, page_size| v1::ListPartnersRequest {
        order_by: order_by.to_owned(),
        page_size,
        ..Default::default()
    };
    let all: Vec<String> = (0..25).map(|number| format!("partners/p-{number:02}")).collect();
    assert_eq!(pages(&suite, list("", 7)).await, all);
    let reversed: Vec<String> = all.iter().rev().cloned().collect();
    for order in ["display_name", "name desc"] {
        assert_eq!(pages(&suite, list(order, 4)).await, reversed, "{order}");
    }
    for order in ["region_code", "region_code desc, display_name", "domain, create_time desc", "domain desc", "state"] {
        let whole = pages(&suite, list(order, 25)).await;
        assert_eq!(pages(&suite, list(order, 3)).await, whole, "{order}");
        let mut sorted = whole.clone();
        sorted.sort();
        assert_eq!(sorted, all, "{order}");
    }
}

#[tokio::test]
async fn filters_select() {
    let suite = Suite::start().await;
    fill(&suite).await;
    let count = async |filter: &str| {
        let list = v1::ListPartnersRequest { filter: filter.to_owned(), page_size: 100, ..Default::default() };
        pages(&suite, list).await.len()
    };
    let cases = [
        ("", 25),
        ("region_code = \"FR\"", 9),
        ("NOT region_code = \"FR\"", 16),
        ("region_code != \"FR\"", 16),
        ("display_name = \"Company 0*\"", 10),
        ("business_types:BUSINESS_TYPE_DIRECT_RESELLER", 12),
        ("business_types:BUSINESS_TYPE_SOFTWARE_VENDOR", 25),
        ("domain:*", 5),
        ("domain = \"p5.example\"", 1),
        ("global_account = \"partners/none\"", 0),
        ("state = STATE_APPLIED AND create_time >= \"2024-09-15T00:00:00Z\"", 25),
        ("create_time < \"2024-09-15T00:00:00Z\"", 0),
        ("region_code = \"FR\" OR domain = \"p5.example\"", 10),
    ];
    for (filter, expected) in cases {
        assert_eq!(count(filter).await, expected, "{filter}");
    }
}

#[tokio::test]
async fn a_list_refuses_what_it_does_not_know() {
    let suite = Suite::start().await;
    fill(&suite).await;
    let mut partners = suite.staff().partners();
    let list =
        v1::ListPartnersRequest { page_size: 5, filter: "region_code = \"DE\"".to_owned(), ..Default::default() };
    let token = partners.list_partners(list.clone()).await.expect("listed").into_inner().next_page_token;
    let other = v1::ListPartnersRequest { page_token: token.clone(), filter: String::new(), ..list.clone() };
    refused(partners.list_partners(other).await, Code::InvalidArgument, "INVALID_PAGE_TOKEN");
    let bent = v1::ListPartnersRequest { page_token: format!("{token}A"), ..list.clone() };
    refused(partners.list_partners(bent).await, Code::InvalidArgument, "INVALID_PAGE_TOKEN");
    let unknown = v1::ListPartnersRequest { filter: "colour = \"red\"".to_owned(), ..Default::default() };
    refused(partners.list_partners(unknown).await, Code::InvalidArgument, "INVALID_FILTER");
    let unordered = v1::ListPartnersRequest { order_by: "colour".to_owned(), ..Default::default() };
    refused(partners.list_partners(unordered).await, Code::InvalidArgument, "INVALID_ORDER");
    // All at once, where several things are wrong.
    let all = v1::ListPartnersRequest { page_size: -1, filter: "((".to_owned(), order_by: "a, b".to_owned(), ..list };
    assert_eq!(wrong_fields(partners.list_partners(all).await), ["filter", "order_by", "order_by", "page_size"]);
}
