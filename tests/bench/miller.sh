#!/bin/sh
# `reprice` as a Miller command: floats, formatted to cents; other cells come out as they were.
exec mlr --csv put '
  cost = $purchase_price + $logistics_cost;
  plain = ceil((cost + $target_profit) / (1 - $commission_rate - 0.012) * 100) / 100;
  fees = ceil(plain * $commission_rate * 100) / 100 + ceil(plain * 0.012 * 100) / 100;
  by_profit = roundm(cost + $target_profit + fees, 0.01);
  floor_price = ceil($purchase_price * 1.15 * 100) / 100;
  required = max(by_profit, floor_price);
  protected = ceil(required / (1 - 0.132) * 100) / 100;
  action = $list_price >= protected ? "keep" : protected > $list_price * 1.5 ? "hold" : "raise";
  new = action == "raise" ? protected : $list_price;
  deal = floor(new * (1 - 0.132) * 100) / 100;
  commission = roundm(deal * $commission_rate, 0.01);
  payment_fee = roundm(deal * 0.012, 0.01);
  profit = roundm(deal - cost - commission - payment_fee, 0.01);
  $required_deal_price = fmtnum(required, "%.2f");
  $bound_by = floor_price > by_profit ? "floor_price" : "target_profit";
  $protected_list_price = fmtnum(protected, "%.2f");
  $new_list_price = fmtnum(new, "%.2f");
  $price_change = fmtnum(new - $list_price, "%.2f");
  $action = action;
  $held_by = action == "hold" ? "max_change" : "";
  $deal_price = fmtnum(deal, "%.2f");
  $commission = fmtnum(commission, "%.2f");
  $payment_fee = fmtnum(payment_fee, "%.2f");
  $profit = fmtnum(profit, "%.2f");
  $margin = fmtnum(floor(profit / deal * 10000) / 10000, "%.4f");
  $floor_price = fmtnum(floor_price, "%.2f");
  $max_discount = fmtnum(floor((1 - floor_price / new) * 10000) / 10000, "%.4f");
  $worst_case = "forced";
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
