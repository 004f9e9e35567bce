#!/bin/sh
# `reprice` as a Miller command: floats, formatted to cents; other cells come out as they were.
exec mlr --csv put '
  cost = $purchase_price + $logistics_cost;
  by_profit = ceil((cost + $target_profit) / (1 - $commission_rate - 0.012) * 100) / 100;
  floor_price = ceil($purchase_price * 1.15 * 100) / 100;
  required = max(by_profit, floor_price);
  protected = ceil(required / (1 - 0.132) * 100) / 100;
  deal = roundm(protected * (1 - 0.132), 0.01);
  commission = roundm(deal * $commission_rate, 0.01);
  payment_fee = roundm(deal * 0.012, 0.01);
  profit = roundm(deal - cost - commission - payment_fee, 0.01);
  $required_deal_price = fmtnum(required, "%.2f");
  $bound_by = floor_price > by_profit ? "floor_price" : "target_profit";
  $protected_list_price = fmtnum(protected, "%.2f");
  $price_change = fmtnum(protected - $list_price, "%.2f");
  $deal_price = fmtnum(deal, "%.2f");
  $commission = fmtnum(commission, "%.2f");
  $payment_fee = fmtnum(payment_fee, "%.2f");
  $profit = fmtnum(profit, "%.2f");
  $margin = fmtnum(floor(profit / deal * 10000) / 10000, "%.4f");
  $floor_price = fmtnum(floor_price, "%.2f");
  $max_discount = fmtnum(floor((1 - floor_price / protected) * 10000) / 10000, "%.4f");
  $worst_case = protected < deal ? "not_forced" : "forced";
  if (deal < floor_price) {
    $status = "below_floor"
  } elif (profit < 0) {
    $status = "loss"
  } elif (deal < required) {
    $status = "below_target"
  } else {
    $status = "ok"
  }
' "$1" > "$2"
