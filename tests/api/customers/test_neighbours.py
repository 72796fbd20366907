"""What stands below customers and products, and whom lists of customers show."""


def test_a_product_has_no_features(api, make):
    path = f"products/{make.product().id}/features"
    assert api.get(path)["data"] == []
    assert api.error("GET", f"{path}/feat_1", 404)["code"] == "resource_missing"
    assert api.error("GET", "products/prod_missing/features", 404)["code"] == "resource_missing"


def test_a_customer_who_does_not_exist_has_no_list_either(api):
    assert api.error("GET", "customers/cus_missing/payment_methods", 404)["code"] == "resource_missing"
    assert api.error("GET", "customers/cus_missing/payment_methods/pm_1", 404)["code"] == "resource_missing"


def test_subscriptions_stand_below_their_customer_too(api, make):
    subscription = make.subscription()
    path = f"customers/{subscription.customer_id}/subscriptions"
    assert api.get(path)["data"] == [api.get(f"subscriptions/{subscription.id}")]
    assert api.get(f"{path}/{subscription.id}") == api.get(f"subscriptions/{subscription.id}")
    other = make.customer().id
    assert api.get(f"customers/{other}/subscriptions")["data"] == []
    assert api.error("GET", f"customers/{other}/subscriptions/{subscription.id}", 404)["code"] == "resource_missing"


def test_customers_are_listed_by_their_test_clock(api, make):
    clock = api.post("test_helpers/test_clocks", frozen_time=1_800_000_000)["id"]
    customer = api.post("customers", test_clock=clock)["id"]
    make.customer()
    assert [each["id"] for each in api.get("customers", test_clock=clock)["data"]] == [customer]


def test_a_customer_has_a_name_of_a_business_and_of_a_person(api):
    sent = {"name": "Rocket Rides", "business_name": "Rocket Rides GmbH", "individual_name": "Jenny Rosen"}
    made = api.post("customers", **sent)
    assert {key: made[key] for key in sent} == sent
    cleared = api.post(f"customers/{made['id']}", business_name="")
    assert (cleared["business_name"], cleared["individual_name"]) == (None, "Jenny Rosen")
